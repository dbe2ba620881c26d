/** Deployment configurations: how production traffic goes over. User Guide, "Deployment configurations on Amazon ECS". */
import type { DeploymentConfig, TrafficRouting } from '../../state/codedeploy.ts';
import type { World } from '../world.ts';

const predefined: readonly (readonly [string, TrafficRouting])[] = [
  ['CodeDeployDefault.ECSAllAtOnce', { type: 'AllAtOnce' }],
  ['CodeDeployDefault.ECSCanary10Percent5Minutes', { type: 'TimeBasedCanary', percentage: 10, minutes: 5 }],
  ['CodeDeployDefault.ECSCanary10Percent15Minutes', { type: 'TimeBasedCanary', percentage: 10, minutes: 15 }],
  [
    'CodeDeployDefault.ECSLinear10PercentEvery1Minutes',
    { type: 'TimeBasedLinear', percentage: 10, minutes: 1 },
  ],
  [
    'CodeDeployDefault.ECSLinear10PercentEvery3Minutes',
    { type: 'TimeBasedLinear', percentage: 10, minutes: 3 },
  ],
];

/** A configuration by its name, those of AWS included. */
export function findConfig({ codeDeploy }: World, name: string): DeploymentConfig | undefined {
  const known = codeDeploy.configs.get(name);
  if (known !== undefined) return known;
  const routing = predefined.find(([each]) => each === name)?.[1];
  if (routing !== undefined) return { name, id: name, computePlatform: 'ECS', createdAt: 0, routing };
  return /^CodeDeployDefault\.(OneAtATime|HalfAtATime|AllAtOnce)$/.test(name)
    ? { name, id: name, computePlatform: 'Server', createdAt: 0, routing: { type: 'AllAtOnce' } }
    : undefined;
}

/** The percentages that the new task set gets, one after the other, with the minutes between two of them. */
export function weightsOf(routing: TrafficRouting): readonly number[] {
  switch (routing.type) {
    case 'AllAtOnce':
      return [100];
    case 'TimeBasedCanary':
      return [routing.percentage, 100];
    case 'TimeBasedLinear': {
      const steps = Math.ceil(100 / routing.percentage);
      return Array.from({ length: steps }, (_, at) => Math.min(100, routing.percentage * (at + 1)));
    }
  }
}

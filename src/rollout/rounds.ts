import type { Phase, Stage, Traffic } from '../model/analysis.ts';
import type { DeploymentSettings, Pause } from '../model/index.ts';
import type { Observation } from './observe.ts';

/** Stages of a native strategy, and lifecycle events of CodeDeploy, in which nothing of the new revision is reached yet. */
const BEFORE_TRAFFIC: readonly string[] = [
  ...['RECONCILE_SERVICE', 'PRE_SCALE_UP', 'SCALE_UP', 'POST_SCALE_UP'],
  ...['Created', 'BeforeInstall', 'Install', 'AfterInstall'],
];

/** Stages in which the test listener leads to the new revision, and production does not. */
const TEST_TRAFFIC: readonly string[] = [
  'TEST_TRAFFIC_SHIFT',
  'POST_TEST_TRAFFIC_SHIFT',
  'PRE_PRODUCTION_TRAFFIC_SHIFT',
  ...['TestTraffic', 'AllowTestTraffic', 'AfterAllowTestTraffic', 'Ready', 'BeforeAllowTraffic'],
];

/** Stages after the last step of the production traffic. */
const ALL_TRAFFIC: readonly string[] = [
  ...['POST_PRODUCTION_TRAFFIC_SHIFT', 'BAKE_TIME', 'CLEAN_UP'],
  ...['AfterAllowTraffic', 'Baking', 'End'],
];

/**
 * Pure: which phase a look shows, how much traffic reaches the new revision, and what waits for an answer. The hooks of a
 * step come before its shift: with PRE_PRODUCTION_TRAFFIC_SHIFT the weights say what is there already. A rolling update
 * bakes once our entry alone is left, at its count, while ECS watches alarms.
 */
export function stageOf(
  { deployment, entry, entries, service }: Observation,
  deploymentId: string,
  settings: Pick<DeploymentSettings, 'strategy' | 'alarms'>,
): Stage {
  const { status = '', lifecycleStage, weight, awaiting = [] } = deployment ?? {};
  const [hook] = awaiting;
  const pause: { pause?: Pause } =
    hook === undefined || lifecycleStage === undefined
      ? {}
      : {
          pause: {
            hookId: hook.id,
            stage: lifecycleStage,
            ...(hook.expiresAt === undefined ? {} : { expiresAt: hook.expiresAt }),
            ...(hook.leftMs === undefined ? {} : { leftMs: hook.leftMs }),
            ...(hook.then === undefined ? {} : { then: hook.then }),
          },
        };
  const at = (phase: Phase, traffic: Traffic): Stage => ({
    phase,
    deploymentId,
    traffic,
    ...(weight === undefined || weight === 0 || traffic === 'test' ? {} : { weight }),
    ...pause,
    ...(service.desired === 0 ? { isEmpty: true as const } : {}),
  });
  if (status.startsWith('ROLLBACK_')) return at('rolling-back', 'part');
  if (status === 'SUCCESSFUL' || entry?.rolloutState === 'COMPLETED') return at('proving', 'all');
  if (lifecycleStage === undefined) {
    const isAlone = entries === 1 && entry !== undefined && entry.desired > 0;
    const isBaking = settings.alarms.length > 0 && isAlone && entry.running >= entry.desired;
    return isBaking && service.desired <= entry.running ? at('baking', 'all') : at('rolling', 'none');
  }
  if (ALL_TRAFFIC.includes(lifecycleStage)) return at('baking', 'all');
  const hasWeight = (weight ?? 0) > 0;
  const isShifting = lifecycleStage === 'PRODUCTION_TRAFFIC_SHIFT' || lifecycleStage === 'AllowTraffic';
  if (isShifting || (hasWeight && lifecycleStage.includes('PRODUCTION'))) {
    if (weight === undefined) return at('shifting', settings.strategy === 'BLUE_GREEN' ? 'all' : 'part');
    return weight >= 100 ? at('shifting', 'all') : at('shifting', hasWeight ? 'part' : 'none');
  }
  if (TEST_TRAFFIC.includes(lifecycleStage)) return at('test-traffic', 'test');
  if (BEFORE_TRAFFIC.includes(lifecycleStage) || !hasWeight) return at('rolling', 'none');
  return at('shifting', 'part');
}

/** What truly happened in a schedule, by name, to be counted: what is drawn and never happens proves nothing. */
import type { Played, PlayedRun } from './play.ts';

/** Each once, however often it happened. */
export function happenedIn({ schedule, runs }: Played): ReadonlySet<string> {
  const { world } = schedule;
  return new Set([
    ...(world.throttling ? ['world: throttling by the real buckets'] : []),
    ...(world.lagSeconds > 0 ? ['world: reads lag'] : []),
    ...(world.alarms ? ['world: ECS watches an alarm'] : []),
    ...(runs.length > 1 ? ['run: a second one on what the first left'] : []),
    ...runs.flatMap((run) => happenedTo(run, world.strategy)),
  ]);
}

const NAMES: Readonly<Record<string, string>> = { rewrite: 'truncated' };

/** Inputs that bring something of their own. */
const COUNTED = [
  'pre-deploy-command',
  'bake-minutes',
  'alarms',
  'health-check-url',
  'test-url',
  'metrics',
  'promotion',
  'on-cancel',
  'desired-count',
  'force-new-deployment',
  'wait-for-service-stability',
];

function happenedTo(run: PlayedRun, strategy: string): string[] {
  const { plan, asked, done, wasCancelled, wasKilled, services } = run;
  const { inputs, end, skewHours } = plan;
  const ended = wasKilled || wasCancelled;
  return [
    ...asked.flatMap(({ call: { fault } }) =>
      fault === undefined ? [] : [`fault: ${NAMES[fault] ?? fault}`],
    ),
    ...done.map(({ deed }) => `deed: ${deed.kind}`),
    ...(Math.abs(skewHours) >= 1 ? ['run: clock skew of hours'] : []),
    ...(wasCancelled ? [`end: cancelled, ${end?.hasPost === true ? 'with' : 'without'} post step`] : []),
    ...(wasKilled && !wasCancelled
      ? [`end: SIGKILL, ${end?.hasPost === true ? 'with' : 'without'} post step`]
      : []),
    ...(wasKilled && wasCancelled ? ['end: cancelled, and killed after ten seconds'] : []),
    ...(ended ? [] : ['end: by itself']),
    ...services.map((name) => `service: ${name === 'bluegreen' ? strategy : 'ROLLING'}`),
    ...(services.length > 1 ? ['service: several'] : []),
    `mode: ${inputs['mode'] ?? 'deploy'}`,
    ...Object.keys(inputs)
      .filter((name) => COUNTED.includes(name))
      .map((name) => `input: ${name}`),
  ];
}

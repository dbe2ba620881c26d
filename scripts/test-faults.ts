/**
 * The fault campaign: schedules of faults, each on a simulated AWS of its own and on virtual time.
 *
 *     npm run test:faults -- [--from SEED] [--schedules N] [--minutes M] [--log] [--schedule JSON]
 *
 * A schedule that breaks an invariant is printed with its seed, shrunken; `--from SEED --schedules 1 --log` shows its
 * whole log, and so does `--schedule` with what was printed.
 */
import { parseArgs } from 'node:util';
import { describeBroken, shrink, tryOut } from '../__tests__/faults/campaign.ts';
import { drawSchedule } from '../__tests__/faults/draw.ts';
import { play } from '../__tests__/faults/play.ts';
import type { Schedule } from '../__tests__/faults/schedule.ts';

const { values } = parseArgs({
  options: {
    from: { type: 'string', default: '1' },
    schedules: { type: 'string', default: '5000' },
    minutes: { type: 'string', default: '60' },
    log: { type: 'boolean', default: false },
    schedule: { type: 'string' },
  },
});

process.on('unhandledRejection', (error) => {
  console.log('An error that nobody caught:', error);
  process.exitCode = 1;
});

const from = Number(values.from);
const count = values.schedule === undefined ? Number(values.schedules) : 1;
const until = performance.now() + Number(values.minutes) * 60_000;
/** A schedule that takes longer is named: virtual time costs next to nothing. */
const SLOW_SECONDS = 10;
const found = new Map<string, number>();
let played = 0;
for (let seed = from; seed < from + count && performance.now() < until; seed += 1) {
  const schedule =
    values.schedule === undefined ? drawSchedule(seed) : (JSON.parse(values.schedule) as Schedule);
  if (values.log) await showLog(schedule);
  const began = performance.now();
  const broken = await tryOut(schedule);
  played += 1;
  const seconds = (performance.now() - began) / 1000;
  if (seconds > SLOW_SECONDS) console.log(`Seed ${seed} took ${seconds.toFixed(0)} seconds.`);
  if (broken === undefined) continue;
  process.exitCode = 1;
  const [first] = broken.violations;
  const times = (found.get(first?.broken ?? '') ?? 0) + 1;
  found.set(first?.broken ?? '', times);
  // One example of a kind is shrunken, the others are named.
  console.log(describeBroken(times > 2 || values.log ? broken : await shrink(broken)));
}
const last = from + played - 1;
console.log(
  `${played} schedules, seeds ${from} to ${last}: ${[...found.values()].reduce((sum, n) => sum + n, 0)} broken.`,
);
for (const [name, times] of found) console.log(`  ${times} x ${name}`);

async function showLog(schedule: Schedule): Promise<void> {
  console.log(JSON.stringify(schedule, null, 1));
  await play(schedule, ({ runs, sim }) => {
    for (const { result, done, asked } of runs) {
      console.log(result.log, '\n--- post step\n', result.post.log, result.post.summary);
      for (const { time, deed } of done) console.log(new Date(time).toISOString(), JSON.stringify(deed));
      for (const { call } of asked)
        console.log(
          new Date(call.time).toISOString(),
          call.action,
          call.status,
          call.tookEffect,
          call.error ?? '',
          /^(?:Update|Stop)/.test(call.action) ? JSON.stringify(call.body) : '',
        );
    }
    for (const { serviceDeployments } of sim.world.cluster('demo').services.values())
      for (const { createdAt, target, status, statusReason, rollback } of serviceDeployments.slice(0, 6))
        console.log(
          new Date(createdAt).toISOString(),
          target.definition.arn,
          status,
          statusReason ?? '',
          rollback?.revision.definition.arn ?? '',
        );
  });
}

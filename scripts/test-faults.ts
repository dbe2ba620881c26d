/**
 * The fault campaign: schedules of faults, each on a simulated AWS of its own and on virtual time.
 *
 *     npm run test:faults -- [--from SEED] [--schedules N] [--minutes M] [--jobs N] [--log] [--count] [--schedule JSON]
 *
 * A schedule that breaks an invariant is printed with its seed, shrunken; `--from SEED --schedules 1 --log` shows its
 * whole log, and so does `--schedule` with what was printed. `--count` ends with how many schedules had what, and how many
 * runs each invariant judged.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
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
    jobs: { type: 'string', default: '1' },
    step: { type: 'string', default: '1' },
    log: { type: 'boolean', default: false },
    count: { type: 'boolean', default: false },
    schedule: { type: 'string' },
  },
});

process.on('unhandledRejection', (error) => {
  console.log('An error that nobody caught:', error);
  process.exitCode = 1;
});

/** A schedule that takes longer is named: virtual time costs next to nothing. */
const SLOW_SECONDS = 30;

const from = Number(values.from);
const step = Number(values.step);
const jobs = Number(values.jobs);
const count = values.schedule === undefined ? Number(values.schedules) : 1;
if (jobs > 1) await sideBySide();
else await playAll();

/** Processes that take every n-th schedule each. */
async function sideBySide(): Promise<void> {
  const each = [
    '--schedules',
    String(Math.ceil(count / jobs)),
    '--minutes',
    values.minutes,
    '--step',
    String(jobs),
    ...(values.count ? ['--count'] : []),
  ];
  const ends = Array.from({ length: jobs }, async (_, at) => {
    const options = [fileURLToPath(import.meta.url), '--from', String(from + at), ...each];
    const child = spawn(process.execPath, ['--no-warnings', ...options], { stdio: 'inherit' });
    const [code] = (await once(child, 'exit')) as [number | null];
    if (code !== 0) process.exitCode = 1;
  });
  await Promise.all(ends);
}

async function playAll(): Promise<void> {
  const until = performance.now() + Number(values.minutes) * 60_000;
  const found = new Map<string, number>();
  const [ends, happened, judged] = [
    new Map<string, number>(),
    new Map<string, number>(),
    new Map<string, number>(),
  ];
  const counting =
    (counts: Map<string, number>) =>
    (name: string): void => {
      counts.set(name, (counts.get(name) ?? 0) + 1);
    };
  const notes = { ended: counting(ends), happened: counting(happened), judged: counting(judged) };
  let played = 0;
  while (played < count && performance.now() < until) {
    const seed = from + played * step;
    const given = values.schedule;
    const schedule = given === undefined ? drawSchedule(seed) : (JSON.parse(given) as Schedule);
    if (values.log) await showLog(schedule);
    const began = performance.now();
    const broken = await tryOut(schedule, notes);
    played += 1;
    const seconds = (performance.now() - began) / 1000;
    if (seconds > SLOW_SECONDS) console.log(`Seed ${seed} took ${seconds.toFixed(0)} seconds.`);
    if (broken === undefined) continue;
    process.exitCode = 1;
    const name = broken.violations[0]?.broken ?? '';
    const times = (found.get(name) ?? 0) + 1;
    found.set(name, times);
    // One example of a kind is shrunken, the others are named.
    console.log(describeBroken(times > 1 || values.log ? broken : await shrink(broken)));
  }
  const total = [...found.values()].reduce((sum, n) => sum + n, 0);
  console.log(`${played} schedules, seeds ${from} to ${from + (played - 1) * step}: ${total} broken.`);
  const most = [...ends].toSorted(([, a], [, b]) => b - a);
  console.log(`Runs ended: ${most.map(([end, times]) => `${times} ${end}`).join(', ')}.`);
  for (const [name, times] of found) console.log(`  ${times} x ${name}`);
  if (!values.count) return;
  console.log('Schedules in which this happened:');
  for (const name of [...happened.keys()].toSorted())
    console.log(`${happened.get(name) ?? 0}`.padStart(6), name);
  console.log('Runs that were judged by this:');
  for (const [name, times] of judged) console.log(`${times}`.padStart(6), name);
}

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

/**
 * The demonstration: the real bundle, started as the GitHub runner starts it, against the embedded AWS on loopback.
 * A good release is deployed and proven healthy; then a broken one fails with its cause and is rolled back. Where Docker
 * works, the good release is backend/, built and started for real; the AWS around it is simulated all the same.
 */
import { mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { runStep, type StepResult } from '../runner/step.ts';
import { seedWorld } from '../simulator/scenario/seed.ts';
import { startSimulator, type Simulator } from '../simulator/simulator.ts';
import { JobLog } from './job-log.ts';
import { buildForReal } from './real-build.ts';

/** Simulated seconds a real one. */
const SPEED = 20;

const say = (text: string): void => {
  process.stdout.write(`${text}\n`);
};

async function main(): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'ecs-fargate-deploy-'));
  const sim = await startSimulator({ speed: SPEED, world: seedWorld() });
  try {
    say(`An AWS of its own answers at ${sim.url}; its time runs ${SPEED} times faster than yours.`);
    say('Service "backend" in cluster "demo" runs 2 tasks of image v1 behind a load balancer.');
    const real = await buildForReal(say);
    if (real !== undefined) {
      const { commit: version, digest } = real;
      sim.operator.pushImage('backend', version, { version, digest });
    }
    const good = await deployment(sim, real?.commit ?? 'v2', 'A good release');
    const broken = await deployment(sim, 'crash-1', 'A broken release: its program crashes at the start');
    say('\nThe job summaries, as GitHub would show them:');
    for (const [name, result] of Object.entries({ good, broken })) {
      const path = join(folder, `${name}-release.md`);
      await writeFile(path, result.summary);
      say(`  ${path}`);
    }
    sayWhatThatWas();
    process.exitCode = asExpected(good, broken) ? 0 : 1;
  } finally {
    await sim.close();
  }
}

async function deployment(sim: Simulator, tag: string, title: string): Promise<StepResult> {
  const url = sim.loadBalancers['web']?.url ?? '';
  const inputs = {
    cluster: 'demo',
    service: 'backend',
    'ecr-repository': 'backend',
    'image-tag': tag,
    'health-check-url': `${url}/version`,
    'health-check-json': `version=${tag}`,
    'health-check-interval-seconds': '0.5',
    'poll-interval-seconds': '0.5',
    'pr-comment': 'false',
  };
  say(`\n━━ ${title} ${'━'.repeat(Math.max(3, 74 - title.length))}\n`);
  say('- uses: org/ecs-fargate-deploy@v1\n  with:');
  for (const [name, value] of Object.entries(inputs)) say(`    ${name}: ${value}`);
  say('');
  const log = new JobLog(say);
  const result = await runStep(inputs, sim.env, {
    onOutput: (text) => {
      log.show(text);
    },
  });
  const { result: end = '', cause = '' } = result.outputs;
  const colour = result.exitCode === 0 ? 'green' : 'red';
  say(`\nThe step is ${colour}: ${end}${cause === '' ? '' : `, because of ${cause}`}.`);
  return result;
}

/** What somebody has just seen who saw it for the first time, and where to look next. */
function sayWhatThatWas(): void {
  say('');
  say(
    'You have just seen one step deploy a good release and prove it by its digest, its targets and its URL, and then roll a broken one back at its first crashed tasks, with the line of its log that says why.',
  );
  say(
    `Both were the real action against an AWS on your machine, whose time ran ${SPEED} times faster: a rollout takes some minutes in an account.`,
  );
  say(
    'Look next at what people get to see of every other ending (npm run gallery), or deploy a service of your own (README.md).',
  );
}

/** The demonstration proves what it claims: it fails where one of the two ends otherwise. */
function asExpected(good: StepResult, broken: StepResult): boolean {
  const ends = [good, broken].map(({ exitCode, outputs }) =>
    [exitCode, outputs['result'], outputs['cause']].join(' '),
  );
  const isRight = ends[0] === '0 succeeded ' && ends[1] === '1 rolled-back app-crashed';
  if (!isRight) say(`\nThis is not how it should have ended: ${ends.join('; ')}`);
  return isRight;
}

await main();

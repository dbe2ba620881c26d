/** From the start of the bundle to its first call and its end, beside an empty program and beside other actions. */
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { parse } from 'yaml';
import { jobVariables, ROOT } from '../runner/job.ts';
import { inputVariables } from '../runner/step.ts';
import { startSimulator, type Simulator } from '../simulator/simulator.ts';
import { fetchedCredentials, openGate, use, type Use } from './program.ts';
import { median, ratio, spread, type Row } from './row.ts';

/** The rollout itself is quick: what is measured is the program. */
const SPEED = 120;

export const BUNDLE = join(ROOT, 'dist', 'index.js');

const POST = join(ROOT, 'dist', 'post.js');

const MOST_CONNECTIONS = 2;

/** With a definition in a file, which is read first, and credentials that are fetched. */
const MOST_LOADED_BYTES = 550_000;

const MOST_TIMES_THEIR_FIRST_CALL = 0.85;

const MOST_TIMES_THEIR_PROCESSOR = 1.3;

interface Subject {
  readonly name: string;
  readonly script: string;
  /** The variables beside those of the job. */
  readonly env: Readonly<Record<string, string>>;
}

type Measured = Use & { readonly firstCallMs: number | undefined };

/** The same job for every action: a definition in a file, an image that is there, one service. */
const INPUTS = {
  cluster: 'demo',
  service: 'backend',
  'task-definition': 'definition.json',
  'container-name': 'backend',
};

const QUICK = { ...INPUTS, 'wait-for-service-stability': 'false' };

const WAITING = { ...INPUTS, 'wait-for-service-stability': 'true' };

/** The first call, the time, the processor and the memory of a run; paired with each of the peers. */
export async function startRows(peers: readonly string[], rounds: number): Promise<Row[]> {
  const folder = await mkdtemp(join(tmpdir(), 'bench-start-'));
  try {
    const empty = join(folder, 'empty.mjs');
    await writeFile(empty, '');
    const ours = async (name: string, inputs: Readonly<Record<string, string>>): Promise<Subject> => ({
      name,
      script: BUNDLE,
      env: await inputVariables({ ...inputs, 'pr-comment': 'false', image: '' }),
    });
    const post: Subject = {
      name: 'post step with nothing to do',
      script: POST,
      env: { STATE_savedState: 'finished' },
    };
    const nothing: Subject = { name: 'an empty program', script: empty, env: {} };
    const quickPeers = await Promise.all(peers.map((peer) => subjectOf(peer, QUICK, 'without waiting')));
    const slowPeers = await Promise.all(peers.map((peer) => subjectOf(peer, WAITING, 'waiting')));
    const withoutWaiting = await ours('deployment without waiting', QUICK);
    const whole = await ours('whole deployment', WAITING);
    const quick = [
      nothing,
      post,
      await ours('plan', { ...INPUTS, mode: 'plan' }),
      withoutWaiting,
      ...quickPeers,
    ];
    const measured = new Map([
      ...(await inTurns(quick, folder, rounds)),
      ...(await inTurns([whole, ...slowPeers], folder, rounds)),
    ]);
    const runs = (subject: Subject): readonly Measured[] => measured.get(subject) ?? [];
    return [
      ...rowsOf(measured, nothing, post),
      ...quickPeers.flatMap((peer) => firstCallRow(peer, runs(withoutWaiting), runs(peer))),
      ...(peers.length === 0 ? [] : [processorRow([whole, post].map(runs), slowPeers.map(runs))]),
    ];
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** An action of somebody else: the path of its bundle, with its action.yml one folder above, if it has one. */
async function subjectOf(
  path: string,
  inputs: Readonly<Record<string, string>>,
  how: string,
): Promise<Subject> {
  const folder = dirname(dirname(path));
  const text = await readFile(join(folder, 'action.yml'), 'utf8').catch(() => undefined);
  const known = (text === undefined ? {} : parse(text)) as {
    readonly inputs?: Readonly<Record<string, { readonly default?: string | number | boolean } | null>>;
  };
  const given: Readonly<Record<string, string>> = { ...inputs, image: 'backend:v2' };
  const names = known.inputs === undefined ? Object.keys(given) : Object.keys(known.inputs);
  const env = names.map((name) => [
    `INPUT_${name.toUpperCase()}`,
    given[name] ?? String(known.inputs?.[name]?.default ?? ''),
  ]);
  return {
    name: `${basename(folder)}, ${how}`,
    script: path,
    env: Object.fromEntries(env) as Record<string, string>,
  };
}

/** Every subject so many times, in turns, so that what the machine does meanwhile hits all of them, each in a world of its own. */
async function inTurns(
  subjects: readonly Subject[],
  folder: string,
  rounds: number,
): Promise<Map<Subject, Measured[]>> {
  const measured = new Map(subjects.map((subject) => [subject, [] as Measured[]]));
  // The first round only warms the caches of the machine.
  for (let round = 0; round <= rounds; round += 1) {
    for (const subject of subjects) {
      const one = await once(subject, folder);
      if (round > 0) measured.get(subject)?.push(one);
    }
  }
  return measured;
}

async function once({ script, env }: Subject, folder: string): Promise<Measured> {
  const sim = await startSimulator({ speed: SPEED });
  const gate = await openGate(sim);
  try {
    await writeFile(join(folder, 'definition.json'), definition(sim));
    const job = await jobVariables(folder, {}, gate.env, {});
    const from = performance.now();
    const files = await Promise.all(
      ['OUTPUT', 'STATE', 'STEP_SUMMARY', 'ENV'].map((name) => emptyFile(folder, name)),
    );
    const used = await use({ script, cwd: folder, env: { ...job, ...Object.fromEntries(files), ...env } });
    const { firstCall } = gate.seen;
    return { ...used, firstCallMs: firstCall === undefined ? undefined : firstCall - from };
  } finally {
    await gate.close();
    await sim.close();
  }
}

async function emptyFile(folder: string, name: string): Promise<[string, string]> {
  const path = join(folder, name.toLowerCase());
  await writeFile(path, '');
  return [`GITHUB_${name}`, path];
}

/** What runs, with the next image. */
function definition({ world }: Simulator): string {
  const running = world.taskDefinitions.find('backend');
  return JSON.stringify(running?.body).replaceAll('backend:v1', 'backend:v2');
}

/** Credentials fetched, connections made and bytes loaded in one whole deployment of the bundle. */
export async function countRow(): Promise<Row> {
  const folder = await mkdtemp(join(tmpdir(), 'bench-count-'));
  const sim = await startSimulator({ speed: SPEED });
  const gate = await openGate(sim);
  try {
    await writeFile(join(folder, 'definition.json'), definition(sim));
    const env = {
      ...(await jobVariables(folder, {}, fetchedCredentials(gate), {})),
      ...(await inputVariables({ ...WAITING, 'pr-comment': 'false' })),
    };
    const { loadedBytes = 0, exitCode } = await use({ script: BUNDLE, env, cwd: folder }, true);
    const { credentials, calls } = gate.seen;
    const connections = Math.max(...gate.seen.connections.values());
    return {
      name: 'credentials, connections and code of a whole deployment',
      limit: `1 fetch, ${MOST_CONNECTIONS} connections to a host, ${MOST_LOADED_BYTES} bytes before the first call`,
      measured: `${credentials} fetches, at most ${connections} connections to a host for ${calls} calls, ${loadedBytes} bytes before the first call`,
      isKept:
        exitCode === 0 &&
        credentials === 1 &&
        connections <= MOST_CONNECTIONS &&
        loadedBytes <= MOST_LOADED_BYTES,
      figures: { credentialFetches: credentials, connections, calls, loadedBytes },
    };
  } finally {
    await gate.close();
    await sim.close();
    await rm(folder, { recursive: true, force: true });
  }
}

/** The first calls of two actions that took turns; no row where the other makes none. */
function firstCallRow({ name }: Subject, ours: readonly Measured[], theirs: readonly Measured[]): Row[] {
  const firsts = [ours, theirs].map((runs) => runs.flatMap(({ firstCallMs }) => firstCallMs ?? []));
  const [our = [], their = []] = firsts;
  if (their.length === 0) return [];
  const times = ratio(our, their);
  return [
    {
      name: `first call, beside ${name}`,
      limit: `${MOST_TIMES_THEIR_FIRST_CALL} x`,
      measured: `${times.toFixed(2)} x`,
      isKept: times <= MOST_TIMES_THEIR_FIRST_CALL,
      figures: { times },
    },
  ];
}

/** The processor time of all steps of a job with ours, and with all of the others together. */
function processorRow(ours: readonly (readonly Measured[])[], theirs: readonly (readonly Measured[])[]): Row {
  const sum = (all: readonly (readonly Measured[])[]): number =>
    all.reduce((total, runs) => total + median(runs.map(({ cpuMs }) => cpuMs)), 0);
  const times = sum(ours) / sum(theirs);
  return {
    name: 'processor time of a whole deployment with its post step, beside all others together',
    limit: `${MOST_TIMES_THEIR_PROCESSOR} x`,
    measured: `${times.toFixed(2)} x (${sum(ours).toFixed(0)} ms, and ${sum(theirs).toFixed(0)} ms)`,
    isKept: times <= MOST_TIMES_THEIR_PROCESSOR,
    figures: { times },
  };
}

function rowsOf(measured: ReadonlyMap<Subject, readonly Measured[]>, nothing: Subject, post: Subject): Row[] {
  const empty = measured.get(nothing) ?? [];
  return [...measured].map(([subject, runs]) => rowOf(subject, runs, empty, subject === post));
}

function rowOf(
  { name }: Subject,
  runs: readonly Measured[],
  empty: readonly Measured[],
  isPost: boolean,
): Row {
  const of = (key: 'exitMs' | 'cpuMs' | 'rssMb'): number[] => runs.map((run) => run[key]);
  const first = runs.flatMap(({ firstCallMs }) => firstCallMs ?? []);
  const times = ratio(
    of('cpuMs'),
    empty.map(({ cpuMs }) => cpuMs),
  );
  return {
    name,
    limit: isPost ? '1.3 x the processor time of an empty program' : '',
    measured: `${first.length === 0 ? '' : `first call ${spread(first)} ms, `}exit ${spread(of('exitMs'))} ms, processor ${spread(of('cpuMs'))} ms (${times.toFixed(2)} x empty), ${spread(of('rssMb'))} MB, exit codes ${[...new Set(runs.map(({ exitCode }) => exitCode))].join(' ')}`,
    isKept: !isPost || times <= 1.3,
    figures: {
      ...(first.length === 0 ? {} : { firstCallMs: median(first) }),
      exitMs: median(of('exitMs')),
      cpuMs: median(of('cpuMs')),
      rssMb: median(of('rssMb')),
    },
  };
}

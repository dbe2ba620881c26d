/**
 * Runs the commands of the guides as a newcomer would type them, each guide in one shell of its own: README.md,
 * DEPLOYMENT.md and docs/your-own-service.md against the simulated AWS, QUICKSTART.md against moto. What GitHub would do
 * with a workflow is done here where it is to be seen. What cannot run here is listed with its reason and counted as
 * skipped. The last line is `N passed, N failed, N skipped`.
 *
 *   node scripts/test-commands.ts          runs them; with names of guides behind it, only theirs
 *   node scripts/test-commands.ts --list   only shows them
 */
import { execFileSync, spawn } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { startMoto } from '../__tests__/infra/moto.ts';
import { which } from '../runner/docker/command.ts';
import { terraformConfiguration, withoutMoto, withoutMotoServer } from '../__tests__/infra/tools.ts';
import { startSimulator, type Simulator } from '../simulator/simulator.ts';
import { commandsOf, EXCEPTIONS, filesOf, unused, type Command, type Exception } from './guide-commands.ts';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const GUIDES = ['README.md', 'DEPLOYMENT.md', 'docs/your-own-service.md', 'QUICKSTART.md'] as const;
const PUBLISHED = 'https://github.com/org/ecs-fargate-deploy.git';

/** No command of the guides takes so long. */
const FAR_MINUTES = 15;

interface Guide {
  readonly file: string;
  /** Shell that makes the place in which the guide begins. */
  readonly begin: string;
  readonly env: Readonly<Record<string, string>>;
  readonly exceptions: readonly Exception[];
}

interface Ran {
  readonly command: Command;
  readonly status: number | undefined;
  readonly seconds: number;
  readonly output: string;
  readonly skipped: string | undefined;
}

/** Servers of the guides: they are started beside the shell, and what they print to export is exported. */
const SERVER = /^npm run simulator\b/;

const ACCOUNT = /^terraform -chdir=infra\/account init/;

const MARK = '\u0001command ';

/** The whole guide as one script. Before each command its number is printed, and after it how it ended. */
function scriptOf(guide: Guide, commands: readonly Command[]): string {
  const lines = commands.flatMap(({ text }, index) => {
    const exception = guide.exceptions.find(({ pattern }) => pattern.test(text));
    const run = exception === undefined ? runnable(text) : (exception.instead?.(text) ?? ':');
    return [`echo "${MARK}${index}"`, run, `echo "${MARK}${index} ended $? after $SECONDS"`];
  });
  return ['set -o pipefail', guide.begin, ...lines].join('\n');
}

function runnable(text: string): string {
  if (ACCOUNT.test(text)) {
    return `printf %s "$LOOPBACK_BUCKET" > infra/account/loopback_override.tf; ${text}`;
  }
  if (!SERVER.test(text)) return text;
  return [
    `${text} > "$HOME/server.log" 2>&1 &`,
    'for _ in $(seq 300); do grep -q "export " "$HOME/server.log" && break; sleep 0.1; done',
    'grep -o "export .*" "$HOME/server.log" > "$HOME/exports" && . "$HOME/exports" && export AWS_DEFAULT_REGION="$AWS_REGION"',
  ].join('\n');
}

async function runGuide(guide: Guide, commands: readonly Command[], home: string): Promise<Ran[]> {
  const script = join(home, 'guide.sh');
  await writeFile(script, scriptOf(guide, commands));
  await writeFile(join(home, '.gitconfig'), `[url "${ROOT}"]\n\tinsteadOf = ${PUBLISHED}\n`);
  const env = {
    PATH: process.env['PATH'] ?? '/usr/bin:/bin',
    HOME: home,
    LANG: 'C.UTF-8',
    AWS_EC2_METADATA_DISABLED: 'true',
    AWS_PAGER: '',
    ...pipSettings(),
    ...guide.env,
  };
  const child = spawn('bash', [script], {
    cwd: home,
    env,
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const killAll = (): void => {
    try {
      if (child.pid !== undefined) process.kill(-child.pid, 'SIGKILL');
    } catch {
      // Everything has ended already.
    }
  };
  const late = setTimeout(killAll, FAR_MINUTES * 60_000);
  let output = '';
  const take = (stream: Readable): void => {
    stream.setEncoding('utf8').on('data', (text: string) => (output += text));
  };
  take(child.stdout);
  take(child.stderr);
  await new Promise((resolve) => child.on('exit', resolve));
  clearTimeout(late);
  killAll();
  return commands.map((command, index) => ranOf(guide, command, index, output));
}

/** Where pip finds its packages here is this machine's business, and the same inside the guide. */
function pipSettings(): Record<string, string> {
  return Object.fromEntries(
    Object.entries(process.env).flatMap(([name, value]) =>
      /^(PIP_|npm_config_|NPM_CONFIG_|SSL_CERT|NODE_EXTRA_CA)/.test(name) && value !== undefined
        ? [[name, value]]
        : [],
    ),
  );
}

function ranOf(guide: Guide, command: Command, index: number, output: string): Ran {
  const exception = guide.exceptions.find(({ pattern }) => pattern.test(command.text));
  const begin = output.indexOf(`${MARK}${index}\n`);
  const [, status, after] = endOf(index, output);
  const [, , before = '0'] = endOf(index - 1, output);
  const end = output.indexOf(`${MARK}${index} ended`);
  return {
    command,
    status: status === undefined ? undefined : Number(status),
    seconds: Number(after ?? before) - Number(before),
    output: begin < 0 ? '' : output.slice(begin + MARK.length, end < 0 ? undefined : end),
    skipped: exception?.reason,
  };
}

/** The whole mark, the exit status, and the seconds since the guide began. */
function endOf(index: number, output: string): readonly string[] {
  return new RegExp(`${MARK}${index} ended (\\d+) after (\\d+)\n`).exec(output) ?? [];
}

function tell(guide: Guide, { command, status, seconds, output, skipped }: Ran): void {
  const where = `${guide.file}:${command.line}`;
  const [first = ''] = command.text.split('\n');
  if (skipped !== undefined && status === 0) {
    process.stdout.write(`SKIPPED ${where} ${first}\n        ${skipped}\n`);
  } else if (status === 0) process.stdout.write(`ok      ${where} ${first} (${seconds} s)\n`);
  else {
    const how = status === undefined ? 'did not end' : `ended with ${status}`;
    process.stdout.write(
      `FAILED  ${where} ${first}\n        ${how}:\n${output.split('\n').slice(-40).join('\n')}\n`,
    );
  }
}

/** Terraform against moto: buckets by path, since their host names lead nowhere on loopback, and no questions. */
async function terraformEnvironment(url: string): Promise<Record<string, string>> {
  return {
    AWS_ENDPOINT_URL: url,
    AWS_ACCESS_KEY_ID: 'test',
    AWS_SECRET_ACCESS_KEY: 'test',
    AWS_CONFIG_FILE: '/dev/null',
    AWS_SHARED_CREDENTIALS_FILE: '/dev/null',
    TF_CLI_CONFIG_FILE: await terraformConfiguration(),
    TF_CLI_ARGS: '-no-color',
    TF_CLI_ARGS_init: '-backend-config=use_path_style=true',
    TF_CLI_ARGS_apply: '-auto-approve',
    TF_CLI_ARGS_destroy: '-auto-approve',
    TF_INPUT: '0',
  };
}

/** On loopback there is no TLS, and the bucket's policy refuses whatever comes without. */
const LOOPBACK_BUCKET = `provider "aws" {
  s3_use_path_style = true
}
resource "aws_s3_bucket_policy" "state" {
  policy = jsonencode({ Version = "2012-10-17", Statement = [
    { Effect = "Allow", Principal = "*", Action = "s3:*", Resource = "\${aws_s3_bucket.state.arn}/*" },
  ] })
}
`;

async function readCommands(file: string): Promise<Command[]> {
  return commandsOf(await readFile(join(ROOT, file), 'utf8'));
}

async function inAHome(guide: Guide, commands: readonly Command[]): Promise<Ran[]> {
  const home = await mkdtemp(join(tmpdir(), 'guide-'));
  try {
    const rans = await runGuide(guide, commands, home);
    for (const ran of rans) tell(guide, ran);
    return rans;
  } finally {
    await rm(home, { recursive: true, force: true });
  }
}

async function readme(): Promise<Ran[]> {
  const guide = {
    file: 'README.md',
    begin: `git clone --quiet '${PUBLISHED}' action && cd action`,
    env: {},
    exceptions: await withoutCli(),
  };
  return inAHome(guide, await readCommands(guide.file));
}

const NO_CLI = { pattern: /^(aws|export \w+="\$\(aws) /, reason: 'the AWS CLI is not installed' };
const NO_JQ = { pattern: /^(jq|export \w+="\$\(jq) /, reason: 'jq is not installed' };

async function withoutCli(): Promise<Exception[]> {
  const [aws, jq] = await Promise.all([which('aws'), which('jq')]);
  return [...(aws === undefined ? [NO_CLI] : []), ...(jq === undefined ? [NO_JQ] : []), ...EXCEPTIONS];
}

/** Twenty seconds of the world in one. */
const QUICK = 20;

function environmentOf(sim: Simulator): Record<string, string> {
  return {
    ...sim.env,
    AWS_DEFAULT_REGION: sim.world.region,
    AWS_CONFIG_FILE: '/dev/null',
    AWS_SHARED_CREDENTIALS_FILE: '/dev/null',
  };
}

/** What it asks is there after a deployment that failed. */
async function deployment(): Promise<Ran[]> {
  const sim = await startSimulator({ speed: QUICK });
  try {
    sim.operator.deploy('backend', 'crash-1');
    sim.world.clock.skip(60);
    const guide = {
      file: 'DEPLOYMENT.md',
      begin: ':',
      env: environmentOf(sim),
      exceptions: await withoutCli(),
    };
    return await inAHome(guide, await readCommands(guide.file));
  } finally {
    await sim.close();
  }
}

/** The service is in the simulated AWS; the stack of the roles is in moto, which knows CloudFormation. */
async function ownService(): Promise<Ran[]> {
  const file = 'docs/your-own-service.md';
  const commands = await readCommands(file);
  const [missing] = (await withoutCli()).filter((each) => each === NO_CLI || each === NO_JQ);
  const reason = (await withoutMotoServer()) ?? missing?.reason;
  if (reason !== undefined) {
    const all = { pattern: /^/, reason };
    return inAHome({ file, begin: ':', env: {}, exceptions: [all] }, commands);
  }
  const [sim, moto] = await Promise.all([startSimulator({ speed: QUICK }), startMoto()]);
  try {
    const files = Object.entries(filesOf(await readFile(join(ROOT, file), 'utf8')));
    const begin = [
      'git init --quiet --bare origin.git && git clone --quiet origin.git video 2>/dev/null && cd video',
      'git config user.name Octocat && git config user.email octocat@example.com && git switch --quiet --create main',
      `cp '${ROOT}backend/Dockerfile' . && git add . && git commit --quiet --message First && git push --quiet --set-upstream origin main`,
      ...files.map(
        ([path, text]) =>
          `mkdir -p "$(dirname ${path})" && cat > ${path} <<'END OF FILE'\n${text}END OF FILE`,
      ),
      `run_workflow() { '${process.execPath}' "$ACTION/scripts/guides/run-workflow.ts" .github/workflows/ecs.yml "$1" variables.env "\${@:2}"; }`,
    ].join('\n');
    const env = {
      ...environmentOf(sim),
      ACTION: ROOT.replace(/\/$/, ''),
      SERVICE_URL: sim.loadBalancers['web']?.url ?? '',
      AWS_ENDPOINT_URL_CLOUDFORMATION: moto.url,
      AWS_ENDPOINT_URL_IAM: moto.url,
      AWS_ENDPOINT_URL_STS: moto.url,
    };
    return await inAHome({ file, begin, env, exceptions: EXCEPTIONS }, commands);
  } finally {
    await Promise.all([sim.close(), moto.close()]);
  }
}

async function quickstart(): Promise<Ran[]> {
  const exceptions = await withoutCli();
  // Without its bucket, no part of Terraform can begin.
  const reason = (await withoutMoto()) ?? exceptions.find((each) => each === NO_CLI)?.reason;
  const guide = { file: 'QUICKSTART.md', begin: ':', env: {}, exceptions };
  const commands = await readCommands(guide.file);
  if (reason !== undefined) {
    // First: what else is said of a command does not help where its part of Terraform or S3 has nobody to ask. The
    // variables are what Terraform writes.
    const noMoto = { pattern: /terraform |^aws s3 |variables\.json/, reason };
    return inAHome({ ...guide, exceptions: [noMoto, ...guide.exceptions] }, commands);
  }
  const moto = await startMoto();
  try {
    const env = { ...(await terraformEnvironment(moto.url)), LOOPBACK_BUCKET };
    return await inAHome({ ...guide, env }, commands);
  } finally {
    await moto.close();
  }
}

async function list(): Promise<void> {
  for (const file of GUIDES) {
    for (const { text, line } of await readCommands(file)) {
      const reason = EXCEPTIONS.find(({ pattern }) => pattern.test(text))?.reason;
      process.stdout.write(
        `${file}:${line} ${text}${reason === undefined ? '' : `\n    not here: ${reason}`}\n`,
      );
    }
  }
}

async function main(): Promise<void> {
  if (process.argv.includes('--list')) return list();
  const all = (await Promise.all(GUIDES.map(readCommands))).flat();
  const stale = unused(EXCEPTIONS, all);
  for (const { pattern } of stale)
    process.stdout.write(`FAILED  no command needs the exception ${String(pattern)}\n`);
  const dirty = execFileSync('git', ['status', '--porcelain'], { cwd: ROOT, encoding: 'utf8' });
  if (dirty !== '')
    process.stdout.write('What is not committed is not in the clone that the commands run in.\n');
  const wanted = process.argv.slice(2).filter((word) => !word.startsWith('-'));
  const runs = {
    'README.md': readme,
    'DEPLOYMENT.md': deployment,
    'docs/your-own-service.md': ownService,
    'QUICKSTART.md': quickstart,
  };
  const chosen = GUIDES.filter((file) => wanted.length === 0 || wanted.includes(file));
  const rans = (await Promise.all(chosen.map((file) => runs[file]()))).flat();
  const good = rans.filter(({ status }) => status === 0);
  const skipped = good.filter((ran) => ran.skipped !== undefined).length;
  const passed = good.length - skipped;
  const failed = rans.length - skipped - passed + stale.length;
  process.stdout.write(`\n${passed} passed, ${failed} failed, ${skipped} skipped\n`);
  process.exitCode = failed === 0 ? 0 : 1;
}

await main();

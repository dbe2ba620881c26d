import { chmod, mkdtemp, readFile, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** One call of the docker command. */
export interface DockerCall {
  readonly args: readonly string[];
  readonly input: string;
  readonly env: Readonly<Record<string, string>>;
  /** The configuration that it was given. */
  readonly config: string;
}

/** What the stub does for calls whose arguments, joined by spaces, match. The first match counts. */
export interface Behaviour {
  readonly when: string;
  readonly exitCode?: number;
  readonly stdout?: string;
  readonly stderr?: string;
  /** Only for the first so many calls. */
  readonly times?: number;
}

/** A docker command for tests without Docker: it writes down its calls, and a build puts an image into ECR. */
export interface StubDocker {
  /** Value of PATH. */
  readonly path: string;
  calls(): Promise<DockerCall[]>;
  /** Lets other users run it. */
  openToAll(): Promise<void>;
}

export async function stubDocker(behaviours: readonly Behaviour[] = []): Promise<StubDocker> {
  const folder = await mkdtemp(join(tmpdir(), 'stub-docker-'));
  const log = join(folder, 'calls');
  await writeFile(log, '');
  const script = join(folder, 'docker');
  await writeFile(script, `#!${process.execPath}\n${source(log, behaviours)}`);
  await chmod(script, 0o755);
  return {
    path: `${folder}:/usr/bin:/bin`,
    async openToAll() {
      await Promise.all([chmod(folder, 0o755), chmod(log, 0o666)]);
    },
    async calls() {
      const lines = (await readFile(log, 'utf8')).split('\n').filter((line) => line !== '');
      return lines.map((line) => JSON.parse(line) as DockerCall);
    },
  };
}

function source(log: string, behaviours: readonly Behaviour[]): string {
  return `
const { appendFileSync, existsSync, readFileSync, writeFileSync } = require('node:fs');
const { createHash } = require('node:crypto');
const args = process.argv.slice(2);
const line = args.join(' ');
const valuesOf = (option) => args.flatMap((arg, at) => (arg === option ? [args[at + 1]] : []));
const config = process.env.DOCKER_CONFIG + '/config.json';
const input = args.includes('--password-stdin') ? readFileSync(0, 'utf8') : '';
const before = readFileSync(${JSON.stringify(log)}, 'utf8').split('\\n').filter(Boolean).map((each) => JSON.parse(each).args.join(' '));
appendFileSync(${JSON.stringify(log)}, JSON.stringify({ args, input, env: process.env, config: existsSync(config) ? readFileSync(config, 'utf8') : '' }) + '\\n');
const behaviours = ${JSON.stringify(behaviours)};
const behaviour = behaviours.find(({ when, times }) =>
  new RegExp(when).test(line) && (times === undefined || before.filter((each) => new RegExp(when).test(each)).length < times));
if (behaviour !== undefined) {
  process.stdout.write(behaviour.stdout ?? '');
  process.stderr.write(behaviour.stderr ?? '');
  process.exitCode = behaviour.exitCode ?? 0;
} else if (line.startsWith('buildx version')) console.log('github.com/docker/buildx v0.30.0 0123456');
else if (line.startsWith('buildx inspect')) console.log('Name:   default\\nDriver: docker\\n\\nNodes:\\nName: default');
else if (line.startsWith('info')) console.log('[["driver-type","io.containerd.snapshotter.v1"]]');
else if (line.startsWith('buildx build')) build();

/** Pushes an image whose content follows from the arguments. */
async function build() {
  console.error('#5 [1/2] FROM scratch\\n#5 CACHED\\n#6 [2/2] COPY . .\\n#6 DONE 0.1s');
  const blob = (text) => ({ mediaType: 'application/vnd.oci.image.layer.v1.tar', size: 1, digest: 'sha256:' + createHash('sha256').update(text).digest('hex') });
  const manifest = JSON.stringify({
    schemaVersion: 2,
    mediaType: 'application/vnd.oci.image.manifest.v1+json',
    config: blob('config'),
    layers: [blob(line)],
  });
  for (const tag of valuesOf('--tag')) {
    const [, repositoryName, imageTag] = /^[^/]+\\/(.+):([^:]+)$/.exec(tag);
    await fetch(process.env.AWS_ENDPOINT_URL, {
      method: 'POST',
      headers: {
        'content-type': 'application/x-amz-json-1.1',
        'x-amz-target': 'AmazonEC2ContainerRegistry_V20150921.PutImage',
        authorization: 'AWS4-HMAC-SHA256 Credential=x/20260101/us-east-1/ecr/aws4_request, SignedHeaders=host, Signature=0',
      },
      body: JSON.stringify({ repositoryName, imageTag, imageManifest: manifest }),
    });
  }
  const digest = 'sha256:' + createHash('sha256').update(manifest).digest('hex');
  writeFileSync(valuesOf('--metadata-file')[0], JSON.stringify({ 'containerimage.digest': digest }));
}
`;
}

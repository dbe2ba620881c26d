/**
 * A `docker` for tests of what surrounds a build: it logs in anywhere, and "builds" an image with a layer of nothing
 * that it puts into the simulated ECR under the tags that it is told. The arguments of each call go to $DOCKER_CALLS.
 */
import { ECR } from '@aws-sdk/client-ecr';
import { appendFile, writeFile } from 'node:fs/promises';

const args = process.argv.slice(2);
await appendFile(process.env['DOCKER_CALLS'] ?? '/dev/null', `${JSON.stringify(args)}\n`);
if (args[0] === 'buildx' && args[1] === 'build') await build();
if (args[0] === 'buildx' && args[1] === 'version') process.stdout.write('github.com/docker/buildx v0.30.1\n');

function values(option: string): string[] {
  return args.flatMap((arg, at) => {
    if (arg.startsWith(`${option}=`)) return [arg.slice(option.length + 1)];
    return arg === option ? [args[at + 1] ?? ''] : [];
  });
}

async function build(): Promise<void> {
  if (!args.includes('--push')) throw new Error('The image would not be pushed');
  const ecr = new ECR({});
  let digest: string | undefined;
  for (const reference of values('--tag')) {
    const [, repositoryName = '', imageTag = ''] = /^[^/]+\/(.+):([^:]+)$/.exec(reference) ?? [];
    const put = await ecr.putImage({ repositoryName, imageTag, imageManifest: manifest() });
    digest = put.image?.imageId?.imageDigest;
  }
  const metadata = JSON.stringify({ 'containerimage.digest': digest });
  for (const file of values('--metadata-file')) await writeFile(file, metadata);
}

/** Differs with the build arguments, as an image does. */
function manifest(): string {
  return JSON.stringify({
    schemaVersion: 2,
    mediaType: 'application/vnd.oci.image.manifest.v1+json',
    config: {
      mediaType: 'application/vnd.oci.image.config.v1+json',
      size: 2,
      digest: `sha256:${'0'.repeat(64)}`,
    },
    layers: [],
    annotations: { arguments: values('--build-arg').join(' ') },
  });
}

import { describe, expect, it } from '@jest/globals';
import {
  buildArguments,
  describeBuild,
  isBefore,
  parseBuildxVersion,
  type BuildCommand,
} from '../../src/image/buildx.ts';
import { requestOf } from '../fakes/literals.ts';

const { build: OPTIONS } = requestOf();

/** The build with no input but a context. */
function commandOf({ options, ...more }: Partial<BuildCommand> = {}): BuildCommand {
  return {
    options: { ...OPTIONS, ...options },
    context: '.',
    platforms: [],
    tags: [],
    labels: [],
    secrets: [],
    caches: { from: [], to: [] },
    builder: undefined,
    metadataFile: '/t/m.json',
    buildx: { major: 0, minor: 13 },
    ...more,
  };
}

const OFF = ['--provenance=false', '--sbom=false'];
const END = ['--metadata-file', '/t/m.json', '--progress', 'plain', '--push', '.'];
const options = (more: Partial<typeof OPTIONS>): Partial<BuildCommand> => ({
  options: { ...OPTIONS, ...more },
});

describe('the arguments of a build', () => {
  it.each<[string, Partial<BuildCommand>, readonly string[]]>([
    ['no input', {}, [...OFF, ...END]],
    [
      'build arguments, verbatim',
      options({ buildArgs: ['A=1,2 "three" $(four)', 'HTTP_PROXY'] }),
      ['--build-arg', 'A=1,2 "three" $(four)', '--build-arg', 'HTTP_PROXY', ...OFF, ...END],
    ],
    [
      'build contexts',
      options({ buildContexts: ['base=docker-image://alpine:3'] }),
      ['--build-context', 'base=docker-image://alpine:3', ...OFF, ...END],
    ],
    [
      'caches',
      { caches: { from: ['type=gha'], to: ['type=inline'] } },
      ['--cache-from', 'type=gha', '--cache-to', 'type=inline', ...OFF, ...END],
    ],
    ['a file', options({ file: 'docker/My Dockerfile' }), ['--file', 'docker/My Dockerfile', ...OFF, ...END]],
    ['labels', { labels: ['a=b c', 'd='] }, ['--label', 'a=b c', '--label', 'd=', ...OFF, ...END]],
    [
      'platforms, as one',
      { platforms: ['linux/amd64', 'linux/arm64'] },
      ['--platform', 'linux/amd64,linux/arm64', ...OFF, ...END],
    ],
    [
      'attestations',
      options({ provenance: 'mode=max', sbom: 'true' }),
      ['--provenance=mode=max', '--sbom=true', ...END],
    ],
    ['attestations that an old buildx does not know', { buildx: { major: 0, minor: 9 } }, END],
    [
      'attestations that an old buildx is asked for all the same',
      { ...options({ provenance: 'true' }), buildx: { major: 0, minor: 9 } },
      ['--provenance=true', ...END],
    ],
    ['a buildx of no known version', { buildx: undefined }, [...OFF, ...END]],
    [
      'secrets',
      { secrets: ['id=npm,env=X', '"id=a,src=b"'] },
      [...OFF, '--secret', 'id=npm,env=X', '--secret', '"id=a,src=b"', ...END],
    ],
    ['tags', { tags: ['h/a:1', 'h/a:2'] }, [...OFF, '--tag', 'h/a:1', '--tag', 'h/a:2', ...END]],
    ['a target', options({ target: 'runtime' }), [...OFF, '--target', 'runtime', ...END]],
    ['a builder', { builder: 'mine' }, [...OFF, '--builder', 'mine', ...END]],
    [
      'no cache, and pulling',
      options({ noCache: true, pull: true }),
      [...OFF, ...END.slice(0, 2), '--no-cache', '--pull', ...END.slice(2)],
    ],
    [
      'further arguments, before the context',
      { ...options({ buildxArgs: ['--ulimit', 'nofile=1024'] }), context: 'https://example.com/r.git#main' },
      [...OFF, ...END.slice(0, -1), '--ulimit', 'nofile=1024', 'https://example.com/r.git#main'],
    ],
  ])('with %s', (_what, command, expected) => {
    expect(buildArguments(commandOf(command))).toEqual(['buildx', 'build', ...expected]);
  });
});

describe('the arguments as they are shown', () => {
  it('hold no value of a build argument or label, no key of a cache, and no password of a URL', () => {
    const shown = describeBuild(
      commandOf({
        ...options({ buildArgs: ['TOKEN=s3cret'], buildContexts: ['x=https://me:pw@example.com/x'] }),
        labels: ['a=b'],
        caches: { from: ['type=s3,bucket=b,secret_access_key=abc,name=n'], to: [] },
      }),
    );
    expect(shown).toBe(
      'docker buildx build --build-arg TOKEN=… --build-context x=https://…@example.com/x ' +
        '--cache-from type=s3,bucket=b,secret_access_key=…,name=n --label a=… --provenance=false --sbom=false ' +
        '--metadata-file /t/m.json --progress plain --push .',
    );
  });

  it('hold no value of further arguments either', () => {
    const args = ['--build-arg=TOKEN=s3cret', '--secret', 'id=a,src=b', '--opt=s3cret', 'with space'];
    expect(describeBuild(commandOf(options({ buildxArgs: args })))).toContain(
      '--push --build-arg=… --secret … --opt=… … .',
    );
  });
});

describe('the version of buildx', () => {
  it.each([
    ['github.com/docker/buildx v0.13.1 788433953af10f2a698f5c07611dddce2e08c7a0', { major: 0, minor: 13 }],
    ['github.com/docker/buildx 0.13.1+ds1 0.13.1+ds1-3', { major: 0, minor: 13 }],
    ['github.com/docker/buildx v1.2.0-rc1 abc', { major: 1, minor: 2 }],
    ['', undefined],
    ['something else', undefined],
  ])('is read from %j', (text, version) => {
    expect(parseBuildxVersion(text)).toEqual(version);
  });

  it.each([
    [{ major: 0, minor: 9 }, true],
    [{ major: 0, minor: 10 }, false],
    [{ major: 1, minor: 0 }, false],
    [undefined, false],
  ])('%j is before 0.10: %s', (version, before) => {
    expect(isBefore(version, { major: 0, minor: 10 })).toBe(before);
  });
});

import { describe, expect, it } from '@jest/globals';
import { mkdir, mkdtemp, readdir, readFile, readlink, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { makeDockerConfig, privateConfig, removeDockerConfig } from '../../src/image/docker-config.ts';

const OURS = '123456789012.dkr.ecr.us-east-1.amazonaws.com';
const OTHER = 'registry.example.com';
const HUB = 'https://index.docker.io/v1/';
const auth = { auth: 'c29tZW9uZTplbHNl' };

describe('the private configuration', () => {
  it('keeps what does not concern the registry', () => {
    const user = {
      auths: { [OTHER]: auth },
      currentContext: 'far',
      proxies: { default: { httpProxy: 'http://p' } },
    };
    expect(privateConfig(user, '/home/u/.docker', [OURS])).toEqual({
      ...user,
      cliPluginsExtraDirs: ['/home/u/.docker/cli-plugins'],
    });
  });

  it('leaves out a stored login, a helper and a store of the registry', () => {
    const user = {
      auths: { [OURS]: auth, [`https://${OURS}`]: auth, [OTHER]: auth },
      credHelpers: { [OURS]: 'ecr-login', 'gcr.io': 'gcloud' },
    };
    expect(privateConfig(user, '/d', [OURS])).toMatchObject({
      auths: { [OTHER]: auth },
      credHelpers: { 'gcr.io': 'gcloud' },
    });
    expect(privateConfig(user, '/d', [OURS])['auths']).toEqual({ [OTHER]: auth });
    expect(privateConfig(user, '/d', [OURS])['credHelpers']).toEqual({ 'gcr.io': 'gcloud' });
  });

  it('asks the store for every other registry that it holds, and never writes to it', () => {
    const user = {
      auths: { [HUB]: {}, [OURS]: {}, [OTHER]: {} },
      credsStore: 'desktop',
      credHelpers: { [OTHER]: 'own' },
    };
    const config = privateConfig(user, '/d', [OURS]);
    expect(config).not.toHaveProperty('credsStore');
    expect(config['credHelpers']).toEqual({ [HUB]: 'desktop', [OTHER]: 'own' });
  });

  it('finds further plugins', () => {
    expect(privateConfig({ cliPluginsExtraDirs: ['/plugins'] }, '/d', [])['cliPluginsExtraDirs']).toEqual([
      '/plugins',
      '/d/cli-plugins',
    ]);
  });
});

describe('the folder of a run', () => {
  const warned: string[] = [];
  const warn = (text: string): void => {
    warned.push(text);
  };

  async function home(): Promise<string> {
    const folder = await mkdtemp(join(tmpdir(), 'docker-home-'));
    await mkdir(join(folder, '.docker', 'contexts', 'meta'), { recursive: true });
    await mkdir(join(folder, '.docker', 'buildx', 'instances'), { recursive: true });
    await mkdir(join(folder, '.docker', 'buildx', 'refs', 'x'), { recursive: true });
    await writeFile(join(folder, '.docker', 'buildx', 'instances', 'mine'), '{"Name":"mine"}');
    await writeFile(join(folder, '.docker', 'buildx', 'current'), '{"Name":"mine"}');
    await writeFile(join(folder, '.docker', 'config.json'), '{"currentContext":"far"}');
    return folder;
  }

  it('is for this user alone, has the builders and the contexts, and goes with everything in it', async () => {
    const HOME = await home();
    const { folder, env } = await makeDockerConfig({ HOME }, HOME, [OURS], warn);
    expect(env).toEqual({ DOCKER_CONFIG: folder, BUILDX_CONFIG: join(folder, 'buildx') });
    expect((await stat(folder)).mode & 0o777).toBe(0o700);
    expect((await stat(join(folder, 'config.json'))).mode & 0o777).toBe(0o600);
    expect(await readlink(join(folder, 'contexts'))).toBe(join(HOME, '.docker', 'contexts'));
    expect((await readdir(join(folder, 'buildx'), { recursive: true })).sort()).toEqual([
      'current',
      'instances',
      'instances/mine',
    ]);
    await removeDockerConfig(folder);
    expect((await readdir(HOME)).sort()).toEqual(['.docker']);
    expect(await readdir(join(HOME, '.docker', 'contexts'))).toEqual(['meta']);
    await removeDockerConfig(folder);
  });

  it('follows DOCKER_CONFIG and BUILDX_CONFIG', async () => {
    const HOME = await home();
    const elsewhere = await mkdtemp(join(tmpdir(), 'docker-home-'));
    await mkdir(join(elsewhere, 'builders', 'instances'), { recursive: true });
    await writeFile(join(elsewhere, 'config.json'), '{"detachKeys":"x"}');
    await writeFile(join(elsewhere, 'builders', 'instances', 'theirs'), '{}');
    const env = { HOME, DOCKER_CONFIG: elsewhere, BUILDX_CONFIG: join(elsewhere, 'builders') };
    const { folder } = await makeDockerConfig(env, HOME, [], warn);
    expect(JSON.parse(await readFile(join(folder, 'config.json'), 'utf8'))).toEqual({
      detachKeys: 'x',
      auths: {},
      cliPluginsExtraDirs: [join(elsewhere, 'cli-plugins')],
    });
    expect(await readdir(join(folder, 'buildx', 'instances'))).toEqual(['theirs']);
  });

  it.each([['{'], ['[]']])(
    'does without a configuration that cannot be read (%s), and says so',
    async (text) => {
      const HOME = await home();
      await writeFile(join(HOME, '.docker', 'config.json'), text);
      warned.length = 0;
      const { folder } = await makeDockerConfig({ HOME }, HOME, [], warn);
      expect(JSON.parse(await readFile(join(folder, 'config.json'), 'utf8'))).toMatchObject({ auths: {} });
      expect(warned.join()).toContain('cannot be read');
    },
  );

  it('needs nothing of the user', async () => {
    const HOME = await mkdtemp(join(tmpdir(), 'docker-home-'));
    const { folder } = await makeDockerConfig({ HOME }, HOME, [], warn);
    expect((await readdir(folder)).sort()).toEqual(['buildx', 'config.json']);
  });
});

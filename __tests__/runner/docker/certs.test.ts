import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { distrust, trust } from '../../../runner/docker/certs.ts';
import { HOSTS } from '../../../runner/docker/hosts.ts';

const PEM = '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n';
let etc = '';

beforeEach(async () => {
  etc = await mkdtemp(join(tmpdir(), 'etc-'));
});
afterEach(() => rm(etc, { recursive: true }));

test('a certificate is there for each host, and goes with the folders that were made for it', async () => {
  const root = join(etc, 'docker', 'certs.d');
  await trust(root, HOSTS, PEM);
  for (const host of HOSTS) {
    const [name = ''] = await readdir(join(root, host));
    expect(name).toMatch(/\.crt$/);
    expect((await readFile(join(root, host, name), 'utf8')).endsWith(`\n${PEM}`)).toBe(true);
  }
  await distrust(root, HOSTS);
  expect(await readdir(etc)).toEqual([]);
});

test('what was there stays: empty folders, and certificates of the same host', async () => {
  const root = join(etc, 'docker', 'certs.d');
  await mkdir(join(root, HOSTS[0]), { recursive: true });
  await writeFile(join(root, HOSTS[0], 'ca.crt'), 'theirs');
  await trust(root, HOSTS, PEM);
  // A second run after one that was killed.
  await trust(root, HOSTS, PEM);
  await distrust(root, HOSTS);
  await distrust(root, HOSTS);
  expect(await readdir(root)).toEqual([HOSTS[0]]);
  expect(await readdir(join(root, HOSTS[0]))).toEqual(['ca.crt']);
});

test('an empty folder that was there stays', async () => {
  const root = join(etc, 'docker', 'certs.d');
  await mkdir(root, { recursive: true });
  await trust(root, HOSTS, PEM);
  await distrust(root, HOSTS);
  expect([existsSync(root), await readdir(root)]).toEqual([true, []]);
});

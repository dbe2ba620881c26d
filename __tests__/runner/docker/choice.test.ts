import { describe, expect, test } from '@jest/globals';
import { choose, type Facts } from '../../../runner/docker/choice.ts';
import { describeEngine, isLocal, type EngineInfo } from '../../../runner/docker/machine-engine.ts';

const HERE = { host: 'unix:///var/run/docker.sock', isHere: true };
const DESKTOP = { host: 'unix:///home/me/.docker/desktop/docker.sock', isHere: false };
const REMOTE = { host: 'ssh://build.example.com', isHere: false };
const LINUX = { platform: 'linux', isRoot: true, hasPackages: true, lacking: [] };
const MAC = { platform: 'darwin', isRoot: false, hasPackages: false, lacking: [] };

describe('the engine of the tests', () => {
  test.each<[string, Facts, string]>([
    ['the one of the machine', { ...LINUX, machine: HERE }, 'machine'],
    ['in a container without root', { ...LINUX, machine: HERE, isRoot: false }, 'container'],
    ['in a container without apt-get', { ...LINUX, machine: HERE, hasPackages: false }, 'container'],
    ['in a container on Docker Desktop', { ...LINUX, machine: DESKTOP }, 'container'],
    ['in a container on an engine elsewhere', { ...LINUX, machine: REMOTE }, 'container'],
    ['in a container on macOS', { ...MAC, machine: DESKTOP }, 'container'],
    ['one of its own without any', LINUX, 'own'],
    ['one of its own where that is asked for', { ...LINUX, machine: HERE, asked: 'own' }, 'own'],
    ['in a container where that is asked for', { ...LINUX, machine: HERE, asked: 'container' }, 'container'],
  ])('is %s', (_which, facts, engine) => {
    expect(choose(facts)).toEqual({ engine });
  });

  test.each<[string, Facts, RegExp]>([
    ['another system has none', MAC, /^the registry gets its name .* Linux has\.$/],
    ['there is none and no root', { ...LINUX, isRoot: false }, /need root, or sudo without a password/],
    ['there is none and no apt-get', { ...LINUX, hasPackages: false }, /there is no apt-get/],
    [
      'there is none and programs are missing',
      { ...LINUX, lacking: ['ip', 'openssl'] },
      /^the tests need ip \(iproute2\), openssl \(openssl\)\.$/,
    ],
  ])('is none where %s, which is no failure', (_where, facts, why) => {
    expect(choose(facts)).toEqual({ engine: 'none', why: expect.stringMatching(why) });
  });

  test.each<[string, Facts, RegExp]>([
    ['there is no machine engine', { ...LINUX, asked: 'machine' }, /^no Docker engine answers/],
    ['it is elsewhere', { ...LINUX, asked: 'machine', machine: REMOTE }, /ssh:\/\/build.* another machine/],
    ['it is in a virtual machine', { ...LINUX, asked: 'machine', machine: DESKTOP }, /files and addresses/],
    ['there is no root', { ...LINUX, asked: 'machine', machine: HERE, isRoot: false }, /need root/],
    ['there is none to hold a container', { ...LINUX, asked: 'container' }, /^no Docker engine answers/],
    ['one of its own needs Linux', { ...MAC, asked: 'own', machine: DESKTOP }, /Linux has/],
  ])('that is asked for cannot be had where %s', (_where, facts, why) => {
    expect(choose(facts)).toEqual({ engine: 'none', why: expect.stringMatching(why) });
  });
});

describe('an engine of the machine', () => {
  const INFO: EngineInfo = {
    ServerVersion: '28.0.4',
    Driver: 'overlay2',
    DriverStatus: [['Backing Filesystem', 'extfs']],
    Name: 'laptop',
    OperatingSystem: 'Ubuntu 24.04 LTS',
    SecurityOptions: ['name=seccomp,profile=builtin'],
  };
  const SOCKET = 'unix:///var/run/docker.sock';
  const MACHINE = { platform: 'linux', hostname: 'laptop' };

  test('is here, with its version and the store of its images', () => {
    expect(describeEngine(SOCKET, INFO, MACHINE)).toEqual({
      host: SOCKET,
      version: '28.0.4',
      store: 'overlay2',
      containerdStore: false,
      isHere: true,
    });
    const DriverStatus = [['driver-type', 'io.containerd.snapshotter.v1']];
    expect(describeEngine(SOCKET, { ...INFO, DriverStatus }, MACHINE).containerdStore).toBe(true);
  });

  test.each<[string, string, Partial<EngineInfo>, Partial<typeof MACHINE>]>([
    ['over TCP', 'tcp://127.0.0.1:2375', {}, {}],
    ['on macOS', SOCKET, {}, { platform: 'darwin' }],
    ['Docker Desktop', SOCKET, { OperatingSystem: 'Docker Desktop' }, {}],
    ['of the host of this container', SOCKET, {}, { hostname: '1f0c1f0c1f0c' }],
    ['without root', SOCKET, { SecurityOptions: ['name=seccomp', 'name=rootless'] }, {}],
  ])('%s is not here', (_what, host, info, machine) => {
    expect(describeEngine(host, { ...INFO, ...info }, { ...MACHINE, ...machine }).isHere).toBe(false);
  });

  test.each([
    ['unix:///var/run/docker.sock', true],
    ['unix:///run/user/1000/docker.sock', true],
    ['tcp://127.0.0.1:2375', false],
    ['ssh://me@build.example.com', false],
    ['npipe:////./pipe/docker_engine', false],
    ['', false],
  ])('at "%s": its socket is a file: %p', (host, local) => {
    expect(isLocal(host)).toBe(local);
  });
});

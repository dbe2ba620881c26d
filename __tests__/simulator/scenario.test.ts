import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, expect, test } from '@jest/globals';
import { ManualClock } from '../../simulator/clock.ts';
import { conventionNames } from '../../simulator/scenario/images.ts';
import { parseScenario } from '../../simulator/scenario/scenario.ts';
import { startSimulator } from '../../simulator/simulator.ts';

const folders: string[] = [];

afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true });
});

test('a scenario sets the world and what its images do', async () => {
  const options = parseScenario(
    `
region: eu-west-1
desiredCount: 3
circuitBreaker: false
tags: [v9]
images:
  v9:
    version: nine
    exit: { afterSeconds: 5, code: 3 }
`,
    'a.yml',
  );
  const sim = await startSimulator({ ...options, clock: new ManualClock() });
  const service = sim.world.cluster('demo').service('backend');
  expect(sim.env.AWS_REGION).toBe('eu-west-1');
  expect(service.desiredCount).toBe(3);
  expect(service.serviceDeployments[0]!.breaker.status).toBe('DISABLED');
  expect(sim.world.images.find(`${sim.world.registry.host}/backend:v9`)).toMatchObject({
    version: 'nine',
    behaviour: { exit: { code: 3 } },
  });
  await sim.close();
});

test('the README shows a scenario that can be read, and every word that a tag can begin with', async () => {
  const readme = readFileSync('simulator/README.md', 'utf8');
  const scenarios = [...readme.matchAll(/```yaml\n(.*?)```/gs)].map(([, scenario = '']) => scenario);
  expect(scenarios).toHaveLength(2);
  const scenario = scenarios.join('');
  const sim = await startSimulator({ ...parseScenario(scenario, 'README.md'), clock: new ManualClock() });
  expect(sim.world.account).toBe('210987654321');
  expect(sim.world.alarms.all.has('errors')).toBe(true);
  await sim.close();
  const documented = [...readme.matchAll(/`([a-z0-9]+)-\*`/g)].map(([, word]) => word);
  expect(documented.sort()).toEqual([...conventionNames].sort());
});

test('every problem of a scenario is named at once', () => {
  const content = `
desiredCout: 3
speed: fast
images:
  v9: { pullFailure: flaky, exits: 1 }
`;
  expect(() => parseScenario(content, 'a.yml')).toThrow(
    /^a\.yml: desiredCout is not a key \(known: .*\); speed has the wrong type; images\.v9\.exits is not a key \(known: .*\); images\.v9\.pullFailure must be one of not-found, /,
  );
});

test('the command prints what to paste, and ends on a signal', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'scenario-'));
  folders.push(folder);
  const file = join(folder, 'small.json');
  writeFileSync(file, JSON.stringify({ desiredCount: 1 }));
  const child = execFile(process.execPath, ['--no-warnings', 'simulator/main.ts', '--scenario', file]);
  let printed = '';
  child.stdout!.on('data', (chunk: string) => {
    printed += chunk;
    if (printed.includes('Ctrl-C')) child.kill('SIGINT');
  });
  const [code] = (await once(child, 'exit')) as [number];
  expect(code).toBe(0);
  expect(printed).toMatch(
    /^export AWS_ENDPOINT_URL=http:\/\/127\.0\.0\.1:\d+\nexport AWS_REGION=us-east-1\n/,
  );
  expect(printed).toContain('service backend: ACTIVE, 1 desired');
  expect(printed).toMatch(/load balancer web: http:\/\/127\.0\.0\.1:\d+/);
});

/** What README.md, docs/comparison.md and docs/your-own-service.md claim can be seen, and is so. */
import { readFileSync } from 'node:fs';
import { describe, expect, test } from '@jest/globals';
import { SCENES } from '../gallery/scenes.ts';
import { inAWorld, step, tag } from './story/world.ts';

const BENCH = readFileSync('bench/calls.ts', 'utf8');

describe.each(['README.md', 'docs/comparison.md'])('%s', (file) => {
  const rows = readFileSync(file, 'utf8')
    .split('\n')
    .filter((line) => /\| (scene|bench) \*/.test(line));

  test('has five rows and more with what shows it', () => {
    expect(rows.length).toBeGreaterThanOrEqual(5);
  });

  test('names scenes of the gallery and rows of the benchmark that there are', () => {
    for (const row of rows) {
      const [, kind, name = ''] = /\| (scene|bench) \*([^*]+)\* \|$/.exec(row) ?? [];
      if (kind === 'scene') expect(SCENES.map(({ title }) => title)).toContain(name);
      else {
        const [, services = '', tasks = ''] = /^calls of (\d+) service\(s\) of (\d+) tasks$/.exec(name) ?? [];
        expect(BENCH).toContain(`{ services: ${services}, tasks: ${tasks},`);
      }
    }
  });
});

test('a deployment and a rollback of two tasks take the seconds that the guide says', () =>
  inAWorld({}, async (sim) => {
    const [, said = ''] =
      /take (\d+) seconds each/.exec(readFileSync('docs/your-own-service.md', 'utf8')) ?? [];
    const gate = { 'health-check-url': `${sim.loadBalancers['web']?.url ?? ''}/health` };
    const deployed = await step(sim, { ...tag('v2'), ...gate });
    const back = await step(sim, { cluster: 'demo', service: 'backend', mode: 'rollback', ...gate });
    for (const { outputs } of [deployed, back]) {
      expect(outputs['result']).toBe('succeeded');
      expect(Math.abs(Number(outputs['duration-seconds']) - Number(said))).toBeLessThan(5);
    }
  }));

import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, test } from '@jest/globals';
import { renderInfra } from '../../scripts/infra-readme.ts';
import { readOutputs, readSettings, readVariables } from '../../scripts/infra-settings.ts';

const INFRA = new URL('../../infra/', import.meta.url);
const ENVIRONMENTS = ['dev', 'staging', 'prod'];
const readme = readFileSync(new URL('README.md', INFRA), 'utf8');

/** The `.tf` files of a folder as one text. */
function source(folder: URL): string {
  return readdirSync(folder)
    .filter((name) => name.endsWith('.tf'))
    .map((name) => readFileSync(new URL(name, folder), 'utf8'))
    .join('\n');
}

describe('infra/README.md', () => {
  test('has the current variables and outputs', async () => {
    expect(await renderInfra(readme, INFRA)).toBe(readme);
  });

  test('names every module, and only folders that exist', () => {
    const modules = readdirSync(new URL('modules/', INFRA)).sort();
    const named = [...readme.matchAll(/^\| `modules\/([a-z0-9-]+)` \|/gm)].map(([, name = '']) => name);
    expect(named.sort()).toEqual(modules);
  });
});

describe('the folders of the environments', () => {
  const read = (name: string, file: string): string =>
    readFileSync(new URL(`environments/${name}/${file}`, INFRA), 'utf8');

  test('are these', () => {
    expect(readdirSync(new URL('environments/', INFRA)).sort()).toEqual([...ENVIRONMENTS].sort());
  });

  test.each(ENVIRONMENTS)('%s: state, tags and settings are of one environment', async (name) => {
    const text = read(name, 'main.tf');
    const settings = await readSettings(new URL(`environments/${name}/`, INFRA));
    expect(settings).toMatchObject({ name: 'backend', environment: name });
    // A task without ffmpeg gets no request; one that answers nothing is replaced.
    expect(settings).toMatchObject({
      health_check_path: '/ready',
      container_health_check: ['CMD', 'python', '-m', 'app.healthcheck'],
    });
    // Who follows the guide at night or in another time zone finds it awake.
    expect(settings).not.toHaveProperty('night');
    expect(text).toMatch(new RegExp(`^ {4}key += "backend-${name}\\.tfstate"$`, 'm'));
    expect(text).toMatch(new RegExp(`^ {6}Stack += "backend-${name}"$`, 'm'));
    expect(text).toMatch(new RegExp(`^ {6}Environment += "${name}"$`, 'm'));
    // Where the state is of another stack, this has no value, and nothing can be destroyed.
    expect(text).toMatch(/^provider "aws" \{\n(?: {2}#.*\n)* {2}region = module\.stack\.aws_region$/m);
  });

  test('run the same images, so that one can be promoted', async () => {
    const all = await Promise.all(
      ENVIRONMENTS.map((name) => readSettings(new URL(`environments/${name}/`, INFRA))),
    );
    const of = (name: string): unknown[] => all.map((settings) => settings[name]);
    expect(new Set([...of('cpu_architecture'), ...of('repository_name')])).toEqual(new Set([undefined]));
  });

  test.each(['variables.tf', 'outputs.tf', 'moved.tf'])('have the same %s', (file) => {
    expect(new Set(ENVIRONMENTS.map((name) => read(name, file))).size).toBe(1);
  });

  test('and the account are locked to the same provider, with the checksums of every platform', () => {
    const folders = [...ENVIRONMENTS.map((name) => `environments/${name}/`), 'account/'];
    const locks = folders.map((folder) =>
      readFileSync(new URL(`${folder}.terraform.lock.hcl`, INFRA), 'utf8'),
    );
    expect(new Set(locks).size).toBe(1);
    expect(locks[0]?.match(/^ {4}"zh:[0-9a-f]{64}",$/gm)?.length).toBeGreaterThanOrEqual(14);
  });

  test('hand on every output of the stack', async () => {
    const names = (await readOutputs(INFRA)).map(({ name }) => name);
    const handed = (await readOutputs(new URL('environments/prod/', INFRA))).map(({ name }) => name);
    expect(handed).toEqual(names);
  });
});

describe('the variables of infra/', () => {
  test('are all described, typed and in a table', async () => {
    const variables = [...(await readVariables(INFRA)).values()].flat();
    expect(variables.length).toBeGreaterThan(50);
    for (const { name, type, description } of variables) {
      expect([name, type === 'undefined', description.length > 10]).toEqual([name, false, true]);
      expect(readme).toContain(`| \`${name}\` |`);
    }
  });

  test('are validated, save those whose type says it all', async () => {
    const free = /^(bool|map\(string\)|string|number)$/;
    const text = source(INFRA);
    const unvalidated = [...(await readVariables(INFRA)).values()].flat().filter(({ name }) => {
      const block = new RegExp(`^variable "${name}" \\{$(.*?)^\\}$`, 'ms').exec(text)?.[1] ?? '';
      return !block.includes('validation {');
    });
    expect(unvalidated.filter(({ type }) => !free.test(type))).toEqual([]);
    expect(unvalidated.filter(({ type }) => type !== 'bool').map(({ name }) => name)).toEqual([
      'github_repository_id',
    ]);
  });

  test('that an environment sets exist', async () => {
    const names = [...(await readVariables(INFRA)).values()].flat().map(({ name }) => name);
    for (const environment of ENVIRONMENTS) {
      const settings = Object.keys(await readSettings(new URL(`environments/${environment}/`, INFRA)));
      expect([environment, settings.filter((name) => !names.includes(name))]).toEqual([environment, []]);
    }
  });

  test('and the outputs are described in every module too', async () => {
    expect((await readOutputs(INFRA)).every(({ description }) => description.length > 5)).toBe(true);
    for (const name of readdirSync(new URL('modules/', INFRA))) {
      const text = source(new URL(`modules/${name}/`, INFRA));
      const blocks = [...text.matchAll(/^(?:variable|output) "([^"]+)" \{$(.*?)^\}$/gms)];
      expect(blocks.filter(([, , body = '']) => !body.includes('description')).map(([, id]) => id)).toEqual(
        [],
      );
      expect(text).toContain('required_version = ">= 1.10"');
    }
  });
});

import { readdirSync, readFileSync } from 'node:fs';
import { parse } from '@cdktn/hcl2json';
import { describe, expect, test } from '@jest/globals';

const INFRA = new URL('../../infra/', import.meta.url);
const OVER = new URL('provider-6/', INFRA);
const FILES = readdirSync(OVER, { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.tf'));

type Block = Readonly<Record<string, unknown>>;
type Blocks = Readonly<Record<string, Readonly<Record<string, readonly Block[]>>>>;

/** Arguments of `aws_ecs_service` that provider 6.21 has and provider 5 has not (its documentation). */
const DOCUMENTED: Readonly<Record<string, readonly string[]>> = {
  deployment_configuration: [
    ...['strategy', 'bake_time_in_minutes', 'linear_configuration', 'canary_configuration', 'lifecycle_hook'],
  ],
  linear_configuration: ['step_percent', 'step_bake_time_in_minutes'],
  canary_configuration: ['canary_percent', 'canary_bake_time_in_minutes'],
  lifecycle_hook: ['hook_target_arn', 'role_arn', 'lifecycle_stages', 'hook_details'],
  advanced_configuration: [
    ...['alternate_target_group_arn', 'production_listener_rule', 'test_listener_rule', 'role_arn'],
  ],
};

async function read(folder: URL, file: string): Promise<Blocks> {
  return (await parse(file, readFileSync(new URL(file, folder), 'utf8'))) as Blocks;
}

/** Everything that a module declares, `resource type.name` or `module name`. */
async function declared(folder: URL): Promise<string[]> {
  const files = readdirSync(folder).filter((name) => name.endsWith('.tf'));
  const all = await Promise.all(files.map((file) => read(folder, file)));
  return all.flatMap(names);
}

function names({ resource = {}, module: modules = {} }: Blocks): string[] {
  return [
    ...Object.entries(resource).flatMap(([type, all]) => Object.keys(all).map((name) => `${type}.${name}`)),
    ...Object.keys(modules).map((name) => `module.${name}`),
  ];
}

/** The dynamic blocks in a value, by their names, each with what its content says. */
function dynamics(value: unknown): (readonly [string, Block])[] {
  if (Array.isArray(value)) return value.flatMap(dynamics);
  if (typeof value !== 'object' || value === null) return [];
  const here = Object.entries(
    (value as { dynamic?: Readonly<Record<string, readonly Block[]>> }).dynamic ?? {},
  );
  return [
    ...here.flatMap(([name, blocks]) =>
      blocks.flatMap((block) =>
        ((block['content'] ?? []) as readonly Block[]).map((content) => [name, content] as const),
      ),
    ),
    ...Object.values(value).flatMap(dynamics),
  ];
}

describe('the files for provider 6', () => {
  test('are these, each of which parses', async () => {
    expect(FILES.length).toBeGreaterThan(4);
    for (const file of FILES) expect(Object.keys(await read(OVER, file)).length).toBeGreaterThan(0);
  });

  test.each(FILES.filter((name) => name.endsWith('_override.tf')))(
    '%s goes over what exists',
    async (file) => {
      const folder = file.includes('/') ? file.replace(/[^/]+$/, '') : './';
      const base = await declared(new URL(folder, INFRA));
      expect(names(await read(OVER, file)).filter((name) => !base.includes(name))).toEqual([]);
    },
  );

  test.each(FILES.filter((name) => !name.endsWith('_override.tf')))(
    '%s makes what does not exist',
    async (file) => {
      const folder = file.includes('/') ? file.replace(/[^/]+$/, '') : './';
      const base = await declared(new URL(folder, INFRA));
      expect(names(await read(OVER, file)).filter((name) => base.includes(name))).toEqual([]);
    },
  );

  test('name only arguments that the provider documents', async () => {
    const service = await read(OVER, 'modules/service/progressive_override.tf');
    const found = dynamics(service).filter(([name]) => name in DOCUMENTED);
    expect(new Set(found.map(([name]) => name))).toEqual(new Set(Object.keys(DOCUMENTED)));
    for (const [name, content] of found) {
      const given = [...Object.keys(content), ...Object.keys(content['dynamic'] ?? {})];
      const unknown = given.filter((key) => key !== 'dynamic' && !DOCUMENTED[name]?.includes(key));
      expect([name, unknown]).toEqual([name, []]);
    }
  });

  test('are not in the stack until they are laid over it', async () => {
    const base = [...(await declared(INFRA)), ...(await declared(new URL('modules/service/', INFRA)))];
    expect(base.filter((name) => name.includes('progressive'))).toEqual([]);
  });
});

import { describe, expect, test } from '@jest/globals';
import * as sdk from '@aws-sdk/client-ecs';
import { NormalizedSchema } from '@smithy/core/schema';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { ALSO_MEANT, REGISTRATION, VALUES, requiredMembers } from '../../src/ecs/definition-rules/model.ts';

const require = createRequire(import.meta.url);
const types = join(dirname(require.resolve('@aws-sdk/client-ecs')), '../dist-types/models');

/** The declared members of every structure of the SDK: name, optional or not, and the type in words. */
function declared(): Map<string, Map<string, { readonly optional: boolean; readonly type: string }>> {
  const structures = new Map<string, Map<string, { optional: boolean; type: string }>>();
  for (const file of ['models_0.d.ts', 'models_1.d.ts']) {
    const text = readFileSync(join(types, file), 'utf8').replace(/\/\*\*[\s\S]*?\*\//g, '');
    for (const [, name = '', body = ''] of text.matchAll(/export interface (\w+) \{([\s\S]*?)\n\}/g)) {
      const members = new Map<string, { optional: boolean; type: string }>();
      for (const [, member = '', mark = '', type = ''] of body.matchAll(/^\s+(\w+)(\??): ([^;]+);/gm)) {
        members.set(member, { optional: mark === '?', type });
      }
      structures.set(name, members);
    }
  }
  return structures;
}

/** Every structure that can be reached from what a request takes. */
function reachable(schema: NormalizedSchema, seen = new Map<string, NormalizedSchema>()): typeof seen {
  if (schema.isListSchema() || schema.isMapSchema()) return reachable(schema.getValueSchema(), seen);
  if (!schema.isStructSchema()) return seen;
  const name = schema.getName() ?? '';
  if (seen.has(name)) return seen;
  // A union requires nothing of its members.
  if (!schema.isUnionSchema()) seen.set(name, schema);
  for (const [, member] of schema.structIterator()) reachable(member, seen);
  return seen;
}

const structures = declared();
const registration = reachable(REGISTRATION);
const enums = new Set(
  Object.keys(sdk).filter((name) => {
    const value: unknown = sdk[name as keyof typeof sdk];
    return (
      typeof value === 'object' &&
      value !== null &&
      !Array.isArray(value) &&
      Object.values(value).every((each) => typeof each === 'string')
    );
  }),
);

function enumOf(type: string): string | undefined {
  const [, name = ''] = /^(\w+)(?:\[\])? \| undefined$/.exec(type) ?? [];
  return enums.has(name) ? name : undefined;
}

describe("the table and the SDK's model", () => {
  test.each([...registration])('%s requires what its declaration requires', (name, schema) => {
    const members = [...(structures.get(name) ?? new Map<string, { optional: boolean }>())];
    expect(members.length).toBeGreaterThan(0);
    const required = members.filter(([, { optional }]) => !optional).map(([member]) => member);
    expect([...requiredMembers(schema)].sort()).toEqual(required.sort());
  });

  test.each([...registration.keys()])('%s: every list of values is in the table', (name) => {
    const listed = [...(structures.get(name) ?? [])].flatMap(([member, { type }]) => {
      const enumName = enumOf(type);
      return enumName === undefined ? [] : [[`${name}.${member}`, enumName] as const];
    });
    for (const [key, enumName] of listed) {
      const expected = Object.values(sdk[enumName as keyof typeof sdk] as Record<string, string>);
      expect([key, VALUES[key]?.values]).toEqual([key, expected]);
    }
  });

  test('the table names no structure and no member that the model lacks', () => {
    const known = (key: string): boolean => {
      const [structure = '', member = ''] = key.split('.');
      return structures.get(structure)?.has(member) === true;
    };
    expect(Object.keys(VALUES).filter((key) => !known(key))).toEqual([]);
    const meant = Object.entries(ALSO_MEANT).flatMap(([structure, members]) =>
      members.map((member) => `${structure}.${member}`),
    );
    expect(meant.filter((key) => !known(key))).toEqual([]);
    expect(registration.size).toBeGreaterThan(35);
  });

  test.each([
    ['CreateServiceRequest', sdk.CreateServiceRequest$],
    ['UpdateServiceRequest', sdk.UpdateServiceRequest$],
    ['RunTaskRequest', sdk.RunTaskRequest$],
  ])('%s: what the embedded AWS checks is as the model has it', (name, schema) => {
    const members = [...(structures.get(name) ?? [])];
    const required = members.filter(([, { optional }]) => !optional).map(([member]) => member);
    expect([...requiredMembers(NormalizedSchema.of(schema))].sort()).toEqual(required.sort());
    const inside = [...reachable(NormalizedSchema.of(schema)).keys()];
    const listed = inside.flatMap((structure) =>
      [...(structures.get(structure) ?? [])].flatMap(([member, { type }]) =>
        enumOf(type) === undefined ? [] : [`${structure}.${member}`],
      ),
    );
    expect(listed.filter((key) => VALUES[key] === undefined)).toEqual([]);
  });
});

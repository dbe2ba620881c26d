import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { stringify } from 'yaml';
import { definitionViolations, placementViolations } from '../../src/ecs/definition-rules/index.ts';
import type { JsonObject } from '../../src/model/index.ts';
import { DeployError } from '../../src/runtime/error.ts';
import type { ParsedDefinition } from '../../src/task-definition/parsed-file.ts';
import { parseTaskDefinition } from '../../src/task-definition/yaml-file.ts';
import { holds, LIMIT } from './runs.ts';

/** A definition, or an error that says what is wrong with the file. */
function parsed(text: string): ParsedDefinition | undefined {
  try {
    return parseTaskDefinition('td.json', text);
  } catch (error) {
    expect(error).toBeInstanceOf(DeployError);
    const { cause, message } = (error as DeployError).conclusion;
    expect(cause).toBe('invalid-input');
    expect(message.length).toBeLessThan(200_000);
    return undefined;
  }
}

function isJudged(definition: JsonObject): void {
  for (const { path, words, instead } of definitionViolations(definition)) {
    expect([path, words, instead]).not.toContain('');
  }
  placementViolations({ definition, settings: definition });
}

const FIELDS = [
  'family',
  'containerDefinitions',
  'name',
  'image',
  'environment',
  'value',
  'secrets',
  'valueFrom',
  'portMappings',
  'containerPort',
  'hostPort',
  'healthCheck',
  'command',
  'cpu',
  'memory',
  'tags',
  'key',
  'volumes',
  'dependsOn',
  'logConfiguration',
  'options',
  'requiresCompatibilities',
  'networkMode',
  '__proto__',
  'constructor',
  'toString',
  '$schema',
  'x-y',
  '',
];

const leaf = fc.oneof(
  fc.string({ unit: 'grapheme', maxLength: 12 }),
  fc.double(),
  fc.integer(),
  fc.boolean(),
  fc.constant(null),
  fc.constantFrom('FARGATE', 'awsvpc', '256', '512', 'web', 'nginx:1', '${X}', '{{ x }}', '*a', '&a'),
);

/** Trees of the names that definitions have, in places where they may or may not belong. */
const { tree } = fc.letrec<{ tree: unknown }>((tie) => ({
  tree: fc.oneof(
    { maxDepth: 6, withCrossShrink: true },
    leaf,
    fc.array(tie('tree'), { maxLength: 4 }),
    fc
      .array(fc.tuple(fc.constantFrom(...FIELDS), tie('tree')), { maxLength: 6 })
      .map((entries) => Object.fromEntries(entries)),
  ),
}));

const container = fc.record(
  { name: fc.constantFrom('web', 'side', ''), image: leaf, more: tree },
  { requiredKeys: [] },
);

const definition = fc.record(
  {
    family: leaf,
    containerDefinitions: fc.oneof(fc.array(fc.oneof(container, tree), { maxLength: 3 }), tree),
    cpu: leaf,
    memory: leaf,
    networkMode: leaf,
    requiresCompatibilities: fc.oneof(fc.array(leaf), leaf),
    tags: tree,
    volumes: tree,
  },
  { requiredKeys: [] },
);

test(
  'any JSON is a definition or a clear error, and what is a definition can be judged',
  () => {
    holds(
      fc.property(fc.oneof(definition, tree), (content) => {
        const text = JSON.stringify(content);
        const found = parsed(text);
        if (found === undefined) return;
        isJudged(found.definition);
        // What was brought into form is in form.
        expect(parsed(JSON.stringify(found.definition))?.definition).toEqual(found.definition);
      }),
    );
  },
  LIMIT,
);

test(
  'YAML says the same as JSON',
  () => {
    holds(
      fc.property(definition, (content) => {
        const plain = JSON.parse(JSON.stringify(content)) as unknown;
        const json = parsed(JSON.stringify(plain));
        const yaml = parsed(stringify(plain, { aliasDuplicateObjects: false }));
        if (json === undefined || yaml === undefined) return;
        expect(Object.keys(yaml.definition)).toEqual(Object.keys(json.definition));
      }),
    );
  },
  LIMIT,
);

const YAML_PIECES = [
  'family: web\n',
  'containerDefinitions:\n',
  '  - name: web\n',
  '    image: i\n',
  '    command: &a [*a]\n',
  'a: &b {b: *b}\n',
  '<<: *b\n',
  '<<: [*a, *b]\n',
  '? [a]\n: b\n',
  '--- \n',
  '...\n',
  '!!binary aGk=\n',
  '!Ref X\n',
  'x: |\n  text\n',
  "y: '\n",
  '"',
  '[',
  '{',
  '}',
  ']',
  '\t',
  ': ',
  '- ',
  '# c\n',
  '%YAML 1.1\n',
  '\u2028',
  '\ufeff',
  '__proto__: {a: 1}\n',
  '// c\n',
  '/* c */',
];

test(
  'any text is a definition or a clear error',
  () => {
    const pieces = fc
      .array(fc.constantFrom(...YAML_PIECES), { maxLength: 14 })
      .map((parts) => parts.join(''));
    holds(
      fc.property(fc.oneof(pieces, fc.string({ unit: 'binary', maxLength: 60 })), (text) => {
        const found = parsed(text);
        if (found !== undefined) isJudged(found.definition);
      }),
    );
  },
  LIMIT,
);

test(
  'any tree can be judged, whatever its shape',
  () => {
    holds(
      fc.property(fc.oneof(definition, tree), (content) => {
        if (typeof content === 'object' && content !== null && !Array.isArray(content)) {
          isJudged(JSON.parse(JSON.stringify(content)) as JsonObject);
        }
      }),
    );
  },
  LIMIT,
);

test.each([
  ['ten thousand brackets', `{"family": ${'['.repeat(10_000)}`],
  ['a hundred thousand quotes', '"'.repeat(100_000)],
  ['a hundred thousand colons', ': '.repeat(100_000)],
  ['a megabyte of spaces', ' '.repeat(1_000_000)],
  ['a megabyte of one line', `family: ${'x'.repeat(1_000_000)}`],
  [
    'twenty thousand containers',
    `{"family": "a", "containerDefinitions": [${'{"name":"a"},'.repeat(20_000)}]}`,
  ],
  ['twenty thousand anchors', Array.from({ length: 20_000 }, (_, at) => `a${at}: &a${at} x`).join('\n')],
  ['half a megabyte of comment marks', `{${'/*'.repeat(250_000)}`],
  ['deep maps', Array.from({ length: 3_000 }, (_, at) => `${' '.repeat(at)}a:`).join('\n')],
])(
  '%s comes to an end',
  (_what, text) => {
    parsed(text);
  },
  20_000,
);

import { describe, expect, it } from '@jest/globals';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseTaskDefinition, readTaskDefinitionFile } from '../../src/task-definition/read-file.ts';
import { definitionOf } from '../fakes/literals.ts';

const WEB = { family: 'web', containerDefinitions: [{ name: 'web', image: 'i' }] };

describe('a task definition in a file', () => {
  it.each([
    ['JSON', JSON.stringify(WEB)],
    ['JSON with tabs and CRLF', JSON.stringify(WEB, null, '\t').replaceAll('\n', '\r\n')],
    ['JSON with a byte-order mark', `\ufeff${JSON.stringify(WEB)}`],
    ['YAML', 'family: web\ncontainerDefinitions:\n  - name: web\n    image: i\n'],
    [
      'YAML with an anchor',
      'family: &name web\ncontainerDefinitions:\n  - name: *name\n    image: i # the image\n',
    ],
    [
      'YAML with merged fields',
      'family: web\ncontainerDefinitions:\n  - <<: {name: web, image: old}\n    image: i\n',
    ],
    [
      'an answer of DescribeTaskDefinition',
      JSON.stringify({ taskDefinition: { ...WEB, revision: 3, status: 'ACTIVE', compatibilities: [] } }),
    ],
  ])('may be %s', (_form, text) => {
    expect(parseTaskDefinition('td', text)).toEqual(WEB);
  });

  it('loses the nine fields that only AWS may write', () => {
    const described = {
      ...WEB,
      taskDefinitionArn: 'a',
      revision: 1,
      status: 'ACTIVE',
      requiresAttributes: [],
      compatibilities: [],
      registeredAt: 1,
      registeredBy: 'x',
      deregisteredAt: 2,
      deleteRequestedAt: 3,
    };
    expect(parseTaskDefinition('td', JSON.stringify(described))).toEqual(WEB);
  });

  it('keeps empty values, unknown fields, and the tags that Describe puts beside it', () => {
    const rich = {
      ...WEB,
      proxyConfiguration: { type: 'APPMESH', properties: [{ name: '', value: '' }] },
      fieldOfTomorrow: { list: [], zero: 0, no: false, empty: '' },
    };
    const text = JSON.stringify({ taskDefinition: rich, tags: [{ key: 'a', value: '' }] });
    expect(parseTaskDefinition('td', text)).toEqual({ ...rich, tags: [{ key: 'a', value: '' }] });
  });

  it('reads words as YAML 1.2 does: "no" and "1e3x" are texts', () => {
    const text = 'family: no\ncontainerDefinitions: [{name: 1e3x, image: on}]';
    expect(parseTaskDefinition('td', text)).toMatchObject({
      family: 'no',
      containerDefinitions: [{ name: '1e3x', image: 'on' }],
    });
  });

  it.each([
    ['{"family": "a", "family": "b"}', 'it is neither JSON nor YAML: duplicate key at line 1, column 17'],
    ['{"family": ', 'it is neither JSON nor YAML: '],
    ['a: 1\n---\nb: 2', 'it is neither JSON nor YAML: multiple docs at line 2'],
    ['', 'it is not an object'],
    ['[]', 'it is not an object'],
    ['just text', 'it is not an object'],
    ['{"family": ""}', 'it has no family'],
    ['{"family": 7}', 'it has no family'],
    ['{"family": "a"}', 'it has no containerDefinitions'],
    ['{"family": "a", "containerDefinitions": {}}', 'it has no containerDefinitions'],
    ['{"family": "a", "containerDefinitions": []}', 'it has no containerDefinitions'],
    [
      '{"family": "a", "containerDefinitions": [{"name": "x"}, {"image": "i"}]}',
      'containerDefinitions[1] has no name',
    ],
    ['{"taskDefinition": {"family": "a"}}', 'it has no containerDefinitions'],
  ])('%j is refused with the reason', (text, why) => {
    const parsing = (): unknown => parseTaskDefinition('infra/td.json', text);
    expect(parsing).toThrow(`task-definition: the file infra/td.json is not a task definition: ${why}`);
    expect(parsing).toThrow(
      expect.objectContaining({ conclusion: expect.objectContaining({ cause: 'invalid-input' }) }),
    );
  });

  it('cannot blow up by aliases of aliases', () => {
    const levels = Array.from({ length: 12 }, (_, at) =>
      at === 0
        ? 'a0: &a0 [x, x]'
        : `a${at}: &a${at} [${Array(9)
            .fill(`*a${at - 1}`)
            .join(', ')}]`,
    );
    expect(() => parseTaskDefinition('td', levels.join('\n'))).toThrow(/is not a task definition: .*alias/i);
  });

  it('executes nothing', () => {
    expect(() => parseTaskDefinition('td', '!!js/function "function () { throw 1 }"')).toThrow(
      'it is not an object',
    );
  });
});

describe('the path of the file', () => {
  const workspace = mkdtempSync(join(tmpdir(), 'td-'));
  writeFileSync(join(workspace, 'td.json'), JSON.stringify(definitionOf()));

  it('is in the workspace, or absolute', async () => {
    await expect(readTaskDefinitionFile(workspace, 'td.json')).resolves.toEqual(definitionOf());
    await expect(readTaskDefinitionFile('/elsewhere', join(workspace, 'td.json'))).resolves.toEqual(
      definitionOf(),
    );
  });

  it.each([
    ['missing.json', 'task-definition: there is no file missing.json in the workspace.'],
    ['.', 'task-definition: the file . cannot be read (EISDIR).'],
  ])('%s is refused', async (path, message) => {
    await expect(readTaskDefinitionFile(workspace, path)).rejects.toMatchObject({
      conclusion: {
        cause: 'invalid-input',
        hint: 'Check the path, and that actions/checkout ran before this step.',
      },
      message,
    });
  });
});

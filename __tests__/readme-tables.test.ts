import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { parse } from 'yaml';

import { renderTables, run } from '../scripts/readme-tables.ts';
import type { ActionFile } from '../scripts/readme-tables.ts';

const action: ActionFile = {
  inputs: {
    cluster: { description: 'The cluster.\nOr its ARN.', default: 'default' },
    cause: { description: 'Either a|b.' },
  },
  outputs: { result: { description: 'What came of it.' } },
};
const groups = [
  { title: 'One', inputs: ['cause'] },
  { title: 'Two', inputs: ['cluster'] },
];
const empty = 'Top\n<!-- inputs -->\n<!-- /inputs -->\nMiddle\n<!-- outputs -->old<!-- /outputs -->\nEnd\n';

describe('the tables of inputs and outputs', () => {
  const rendered = renderTables(empty, action, groups);

  it('hold the inputs by group and the outputs, between the markers', () => {
    expect(rendered).toBe(`Top
<!-- inputs -->

**One**

| Input | Default | Meaning |
| --- | --- | --- |
| \`cause\` |  | Either a\\|b. |

**Two**

| Input | Default | Meaning |
| --- | --- | --- |
| \`cluster\` | \`default\` | The cluster. Or its ARN. |

<!-- /inputs -->
Middle
<!-- outputs -->

| Output | Meaning |
| --- | --- |
| \`result\` | What came of it. |

<!-- /outputs -->
End
`);
  });

  it('stay as they are when they are rendered again', () => {
    expect(renderTables(rendered, action, groups)).toBe(rendered);
  });

  it('hold every input of action.yml', () => {
    const real = parse(readFileSync('action.yml', 'utf8')) as ActionFile;
    const [inputs = ''] = renderTables(empty, real).split('<!-- /inputs -->');
    for (const name of Object.keys(real.inputs)) expect(inputs.split(`\n| \`${name}\` |`)).toHaveLength(2);
  });

  it.each([
    ['cluster is in no group', [{ title: 'One', inputs: ['cause'] }]],
    ['cause is in two groups', [...groups, { title: 'Three', inputs: ['cause'] }]],
    ['other is not an input of action.yml', [...groups, { title: 'Three', inputs: ['other'] }]],
  ])('are not rendered where %s', (problem, wrong) => {
    expect(() => renderTables(empty, action, wrong)).toThrow(`The groups of inputs are wrong: ${problem}.`);
  });

  it.each([
    ['', 'inputs'],
    [empty.replace('<!-- /inputs -->', ''), 'inputs'],
    [empty + '<!-- inputs -->', 'inputs'],
    [empty + '<!-- /outputs -->', 'outputs'],
    [empty.replace('<!-- outputs -->', ''), 'outputs'],
  ])('are not rendered where a marker is missing or repeated', (readme, marker) => {
    expect(() => renderTables(readme, action, groups)).toThrow(
      `The guide needs the markers <!-- ${marker} --> and <!-- /${marker} -->, once each and in this order.`,
    );
  });
});

describe('the script', () => {
  let folder = '';
  const at = (): URL => pathToFileURL(`${folder}/`);

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'readme-'));
    writeFileSync(join(folder, 'action.yml'), readFileSync('action.yml'));
    mkdirSync(join(folder, 'docs'));
    writeFileSync(join(folder, 'docs/inputs.md'), empty);
  });

  afterEach(() => {
    rmSync(folder, { recursive: true });
    jest.restoreAllMocks();
  });

  it('exits 1 with --check until it has written the tables', () => {
    const said = jest.spyOn(console, 'error').mockImplementation(() => undefined);
    expect(run(true, at())).toBe(1);
    expect(said).toHaveBeenCalledWith(expect.stringContaining('node scripts/readme-tables.ts'));
    expect(readFileSync(join(folder, 'docs/inputs.md'), 'utf8')).toBe(empty);
    expect(run(false, at())).toBe(0);
    expect(run(true, at())).toBe(0);
  });
});

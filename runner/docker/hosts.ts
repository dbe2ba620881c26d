import { readFile, writeFile } from 'node:fs/promises';

/** The registries of the tests, in two accounts. */
export const HOSTS = [
  '123456789012.dkr.ecr.us-east-1.amazonaws.com',
  '210987654321.dkr.ecr.us-east-1.amazonaws.com',
] as const;

const FILE = '/etc/hosts';

/** What ends our line. The second one says that the file did not end with a line break before. */
const MARK = ' # added by the tests of ecs-fargate-deploy\n';
const MARK_AFTER_NO_BREAK = ' # added by the tests of ecs-fargate-deploy, with the line break before\n';

/** Pure: a hosts file in which these names lead to the address. */
export function withHosts(text: string, address: string, names: readonly string[]): string {
  const line = `${address} ${names.join(' ')}`;
  return text === '' || text.endsWith('\n')
    ? `${text}${line}${MARK}`
    : `${text}\n${line}${MARK_AFTER_NO_BREAK}`;
}

/** Pure: undoes `withHosts` to the byte, also where others have added lines since. */
export function withoutHosts(text: string): string {
  let rest = text;
  for (const [mark, breakBefore] of [
    [MARK, ''],
    [MARK_AFTER_NO_BREAK, '\n'],
  ] as const) {
    for (let end = rest.indexOf(mark); end !== -1; end = rest.indexOf(mark)) {
      const start = rest.lastIndexOf('\n', end) + 1;
      rest = rest.slice(0, start - breakBefore.length) + rest.slice(end + mark.length);
    }
  }
  return rest;
}

/** On this machine. Written in place: the file may be mounted somewhere. */
export async function addHosts(address: string, names: readonly string[]): Promise<void> {
  await writeFile(FILE, withHosts(withoutHosts(await readFile(FILE, 'utf8')), address, names));
}

/** Whether this machine has such a line, if it has the file at all. */
export async function hasAddedHosts(): Promise<boolean> {
  const text = await readFile(FILE, 'utf8').catch(() => '');
  return withoutHosts(text) !== text;
}

/** Also what an earlier run has left. */
export async function removeHosts(): Promise<void> {
  const text = await readFile(FILE, 'utf8');
  const rest = withoutHosts(text);
  if (rest !== text) await writeFile(FILE, rest);
}

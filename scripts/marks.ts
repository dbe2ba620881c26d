/**
 * A file with what stands between the lines `# generated: NAME` and `# end: NAME` written again, indented as they are.
 * Pure. Throws where the two are not there once.
 */
export function betweenMarks(text: string, name: string, lines: readonly string[]): string {
  const pattern = new RegExp(`^( *)# generated: ${name}\\n[^]*?^ *# end: ${name}$`, 'gm');
  if ([...text.matchAll(pattern)].length !== 1) throw new Error(`The marks of "${name}" are not there once.`);
  return text.replace(pattern, (_, indent: string) =>
    [`# generated: ${name}`, ...lines, `# end: ${name}`]
      .map((line) => (line === '' ? '' : `${indent}${line}`))
      .join('\n'),
  );
}

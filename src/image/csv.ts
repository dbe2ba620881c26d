/** Pure: a field of an option that buildx reads as CSV, such as `src=…` of `--secret`, quoted where it has to be. */
export function csvField(text: string): string {
  return /[",\r\n]|^\s|\s$/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

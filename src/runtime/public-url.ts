/** An address as it may be shown: its query may carry a token. */
export function withoutQuery(url: string): string {
  return url.replace(/\?.*$/, '?…');
}

/** The config of an image, which says what it runs on (OCI image specification, "config.md"). */
import { digestOf } from './ids.ts';

export type Architecture = 'amd64' | 'arm64';

/** The config of an image for Linux. The same content for the same architecture has the same config. */
export function imageConfig(content: string, architecture: Architecture): string {
  const diffs = ['base', 'application'].map((name) => digestOf(`${name} of ${content}, unpacked`));
  return JSON.stringify({
    architecture,
    os: 'linux',
    ...(architecture === 'arm64' ? { variant: 'v8' } : {}),
    config: { Cmd: ['/usr/local/bin/uvicorn'] },
    rootfs: { type: 'layers', diff_ids: diffs },
  });
}

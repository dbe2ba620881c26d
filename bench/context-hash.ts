import { randomFillSync } from 'node:crypto';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { hashContext } from '../src/image/context-hash.ts';
import type { Row } from './row.ts';

const FOLDERS = 500;
const FILES_A_FOLDER = 100;
const FILE_BYTES = 40_000;
const LIMIT_SECONDS = 10;
const LIMIT_MEGABYTES = 100;

/**
 * Hashing a context of 2 GB in 50,000 files, with a .dockerignore of some length. The time of the processor is judged:
 * what else the machine does is not this program's.
 */
export async function contextHash(): Promise<Row> {
  const folder = await mkdtemp(join(tmpdir(), 'bench-context-'));
  try {
    await fill(folder);
    const before = process.resourceUsage();
    const from = performance.now();
    const signal = new AbortController().signal;
    const { files, bytes } = await hashContext(
      { signal, headOf: () => Promise.resolve(undefined) },
      folder,
      IGNORE,
    );
    const seconds = (performance.now() - from) / 1000;
    const after = process.resourceUsage();
    const used = after.userCPUTime + after.systemCPUTime - before.userCPUTime - before.systemCPUTime;
    const megabytes = (after.maxRSS - before.maxRSS) / 1024;
    return {
      name: `hash of a context of ${files} files and ${(bytes / 1e9).toFixed(1)} GB`,
      limit: `${LIMIT_SECONDS} s of a processor, ${LIMIT_MEGABYTES} MB more memory`,
      measured: `${(used / 1e6).toFixed(1)} s of a processor in ${seconds.toFixed(1)} s, ${megabytes.toFixed(0)} MB more memory`,
      isKept: used / 1e6 < LIMIT_SECONDS && megabytes < LIMIT_MEGABYTES,
      figures: { cpuSeconds: used / 1e6, seconds, memoryMb: megabytes },
    };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

const IGNORE =
  '.git\n**/node_modules\n**/*.log\ndist\ncoverage\n.env*\n!.env.production\n**/.DS_Store\ntmp/**\n';

async function fill(folder: string): Promise<void> {
  const content = randomFillSync(Buffer.alloc(FILE_BYTES));
  for (let at = 0; at < FOLDERS; at += 1) {
    const path = join(folder, 'src', `folder-${at}`);
    await mkdir(path, { recursive: true });
    for (let file = 0; file < FILES_A_FOLDER; file += 1) {
      content.writeUInt32LE(at * FILES_A_FOLDER + file);
      await writeFile(join(path, `file-${file}.bin`), content);
    }
  }
}

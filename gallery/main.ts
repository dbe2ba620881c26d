/**
 * The gallery: one page with log, summary and comment of every row of the outcome table, from real runs.
 *
 *   node gallery/main.ts [folder]    writes index.html there (default: a new temporary folder), and prints its path
 */
import { copyFile, mkdir, mkdtemp, readFile, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { renderPage } from './page.ts';
import { EndedOtherwise, record, type Recording } from './record.ts';
import { SCENES, type Scene } from './scenes.ts';

const HERE = fileURLToPath(new URL('.', import.meta.url));
const MERMAID = fileURLToPath(new URL('../node_modules/mermaid/dist/mermaid.min.js', import.meta.url));

/** Runs of the action at the same time. */
const SIDE_BY_SIDE = 2;

/** Writes the gallery into a folder, and resolves to the path of its page. */
export async function writeGallery(folder: string, say: (line: string) => void): Promise<string> {
  const recordings = await recordAll(say);
  await mkdir(folder, { recursive: true });
  await copyFile(MERMAID, join(folder, 'mermaid.min.js'));
  const [style, script] = await Promise.all(
    ['style.css', 'browser.js'].map((name) => readFile(join(HERE, name), 'utf8')),
  );
  const assets = { style: style ?? '', script: script ?? '', mermaid: 'mermaid.min.js' };
  const path = join(folder, 'index.html');
  await writeFile(path, renderPage(recordings, assets));
  return path;
}

async function recordAll(say: (line: string) => void): Promise<Recording[]> {
  const recordings = new Map<number, Recording>();
  const waiting = [...SCENES.entries()];
  const work = async (): Promise<void> => {
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
      const [at, scene] = next;
      recordings.set(at, await recordPatiently(scene));
      say(`${String(recordings.size).padStart(2)} of ${SCENES.length}  ${scene.title}`);
    }
  };
  await Promise.all(Array.from({ length: SIDE_BY_SIDE }, work));
  return SCENES.flatMap((_, at) => recordings.get(at) ?? []);
}

/** Worlds run faster than real time, and a busy machine may be too slow for one: a second try tells. */
async function recordPatiently(scene: Scene): Promise<Recording> {
  try {
    return await record(scene);
  } catch (error) {
    if (!(error instanceof EndedOtherwise)) throw error;
    return record(scene);
  }
}

if (import.meta.main) {
  const folder = process.argv[2] ?? (await mkdtemp(join(tmpdir(), 'gallery-')));
  const path = await writeGallery(folder, (line) => {
    console.log(line);
  });
  console.log(`\nThe gallery: ${path}`);
}

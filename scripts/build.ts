/**
 * Builds the bundle: `node scripts/build.ts [folder]`, into `dist/` unless a folder is named.
 *
 * ncc takes the CommonJS of each package and all of it. So Rolldown goes first: it follows the packages' ES modules, keeps
 * what is used, minifies, and leaves what is loaded on first use in chunks of its own; ncc packs the result. Licences are
 * those of the packages of which something is in the bundle. The same sources make the same bytes, in any folder.
 */
import { execFileSync } from 'node:child_process';
import { cpSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { minify, parseSync } from 'rolldown/utils';
import { rolldown, type OutputChunk, type Plugin, type RolldownOutput } from 'rolldown';

const ROOT = fileURLToPath(new URL('..', import.meta.url));

/** The post step is the same bundle, which goes by the name that it was started by. */
const POST = "import './index.js';\n";

/** Makes the bundle in a folder; what was in it before is gone. Throws where something cannot be built. */
export async function build(target: string): Promise<void> {
  const work = mkdtempSync(join(ROOT, 'node_modules', '.bundle-'));
  try {
    const chunks = await shake(join(work, 'shaken'));
    pack(join(work, 'shaken'), join(work, 'packed'));
    await tighten(join(work, 'packed'));
    writeFileSync(join(work, 'packed', 'post.js'), POST);
    writeFileSync(join(work, 'packed', 'licenses.txt'), licensesOf(chunks));
    rmSync(target, { recursive: true, force: true });
    cpSync(join(work, 'packed'), target, { recursive: true });
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}

export async function shake(folder: string): Promise<OutputChunk[]> {
  const bundle = await rolldown({
    cwd: ROOT,
    input: 'src/main.ts',
    platform: 'node',
    preserveEntrySignatures: false,
    resolve: { mainFields: ['module', 'main'] },
    // These packages do not say that nothing happens where they are imported only. All that Node has built in by now,
    // HTTP through proxies included, would be loaded at every start for the one call of @actions/core that is not used.
    treeshake: {
      moduleSideEffects: (id) => (/node_modules\/(?:@actions|undici)\//.test(id) ? false : undefined),
    },
    plugins: [withoutUnused, withoutUnnamedErrors(), withoutUnnamedRoutes(), withoutExamples],
    logLevel: 'warn',
    onLog: (level, log) => {
      throw new Error(`${level}: ${log.message}`);
    },
  });
  const options = {
    dir: folder,
    format: 'esm',
    minify: true,
    comments: { legal: false },
    entryFileNames: 'index.js',
    chunkFileNames: '[name].js',
  } as const;
  const apart = chunksOf(await bundle.generate(options));
  const { output } = await bundle.write({ ...options, codeSplitting: { groups: groupsOf(apart) } });
  writeFileSync(join(folder, 'package.json'), JSON.stringify({ type: 'module' }));
  return chunksOf({ output });
}

function chunksOf({ output }: Pick<RolldownOutput, 'output'>): OutputChunk[] {
  return output.filter((each) => each.type === 'chunk');
}

/** What is loaded together: what the first call needs, with a definition in a file and without, and what comes after it. */
const STAGES = {
  start: ['src/system.ts'],
  file: ['src/task-definition/read-file.ts'],
  stages: ['src/pipeline/stages.ts', 'src/report/publish.ts'],
} as const;

/** What the file's chunk shares with others stays out of it: a parser of YAML is large. */
const ALONE = 'file';

/**
 * Modules that are always loaded together make one chunk: names that cross from one to the next cost bytes, and ncc would
 * put what several chunks share into each of them.
 */
function groupsOf(chunks: readonly OutputChunk[]): { name: string; test: (id: string) => boolean }[] {
  const entry = chunks.find(({ isEntry }) => isEntry);
  const taken = new Set(entry === undefined ? [] : modulesWith([entry], chunks));
  return Object.entries(STAGES).map(([name, files]) => {
    const begins = chunks.filter(({ facadeModuleId }) =>
      files.some((file) => join(ROOT, file) === facadeModuleId),
    );
    if (begins.length < files.length) throw new Error(`Not all of ${files.join(', ')} is a chunk.`);
    const shared = modulesWith(begins, chunks).filter((id) => !taken.has(id));
    const alone = begins.flatMap((chunk) => Object.keys(chunk.modules));
    const modules = new Set(name === ALONE ? shared.filter((id) => !alone.includes(id)) : shared);
    for (const id of modules) taken.add(id);
    return { name, test: (id: string) => modules.has(id), includeDependenciesRecursively: false };
  });
}

/** The modules of some chunks, and of all that are loaded with them. */
function modulesWith(begins: readonly OutputChunk[], chunks: readonly OutputChunk[]): string[] {
  const loaded = new Set(begins);
  for (const { imports } of loaded) {
    for (const each of chunks) if (imports.includes(each.fileName)) loaded.add(each);
  }
  return [...loaded].flatMap((chunk) => Object.keys(chunk.modules));
}

/**
 * @actions/github brings a second HTTP client for the sake of proxies, larger than all of the action. It is given Node's
 * (`fetchThroughProxies`), so nothing of the other is called; a proxy in the environment has its agent made all the same.
 */
const WITHOUT_UNDICI = `
export class ProxyAgent {}
export const fetch = () => Promise.reject(new Error('undici is not in the bundle.'));`;

/** CloudWatch Logs can answer by a stream, which no call of the action asks for. */
const WITHOUT_EVENT_STREAMS = `
export const eventStreamSerdeProvider = () => undefined;
export const resolveEventStreamSerdeConfig = (config) => config;
export class EventStreamSerde {
  constructor() {
    throw new Error('Event streams are not in the bundle.');
  }
}`;

const withoutUnused: Plugin = {
  name: 'without-unused',
  resolveId: (id) => (id in UNUSED ? `\0${id}` : undefined),
  load: (id) => UNUSED[id.slice(1)],
};

const UNUSED: Readonly<Record<string, string>> = {
  undici: WITHOUT_UNDICI,
  '@smithy/core/event-streams': WITHOUT_EVENT_STREAMS,
};

/**
 * The clients of the SDK hold a class and a schema for each error that their service may answer with, some a hundred.
 * The SDK makes an error of the right name and message without them as well, from AWS's answer. Kept are those that the
 * sources tell apart by their name, and those of the nested clients, some of which are tried again by a mark of theirs.
 */
function withoutUnnamedErrors(): Plugin {
  const named = new Set(
    filesBelow('src').flatMap((file) =>
      [...readFileSync(file, 'utf8').matchAll(/'([A-Z]\w+)'/g)].map(([, name]) => name),
    ),
  );
  return {
    name: 'without-unnamed-errors',
    transform: {
      filter: { id: /\/@aws-sdk\/client-[a-z0-9-]+\/dist-es\/schemas\/schemas_0\.js$/ },
      handler: (code) =>
        code.replace(/^n0_registry\.registerError\(\w+\$, (\w+)\);\n/gm, (line, name: string) =>
          named.has(name) ? line : '',
        ),
    },
  };
}

/** Octokit knows every route of GitHub's API, by groups such as `issues`. Kept are those that the sources name. */
function withoutUnnamedRoutes(): Plugin {
  const named = new Set(
    filesBelow('src/github').flatMap((file) => readFileSync(file, 'utf8').match(/\w+/g) ?? []),
  );
  const isUnnamed = ({ key }: Property): boolean => !named.has(key?.name ?? '');
  return {
    name: 'without-unnamed-routes',
    transform: {
      filter: { id: /\/plugin-rest-endpoint-methods\/dist-src\/generated\/endpoints\.js$/ },
      handler: (code, id) =>
        withoutProperties(code, id, (properties) =>
          properties.some(({ key }) => key?.name === 'issues')
            ? properties.flatMap((group) =>
                isUnnamed(group) ? group : (group.value?.properties ?? []).filter(isUnnamed),
              )
            : [],
        ),
    },
  };
}

/** Each rule of AWS has two examples for the tests; nothing of the action reads them. */
const withoutExamples: Plugin = {
  name: 'without-examples',
  transform: {
    filter: { id: /\/src\/ecs\/definition-rules\/\w+\.ts$/ },
    handler: (code, id) =>
      withoutProperties(code, id, (properties) => {
        const named = (...names: readonly string[]): Property[] =>
          properties.filter(({ key }) => names.includes(key?.name ?? ''));
        return named('accepted', 'refused', 'find').length === 3 ? named('accepted', 'refused') : [];
      }),
  },
};

interface Property {
  readonly key?: { readonly name?: string };
  readonly value?: { readonly properties?: readonly Property[] };
  readonly start: number;
  readonly end: number;
}

/** The program without the properties of its objects that `choose` takes from each, in their order. */
function withoutProperties(
  code: string,
  id: string,
  choose: (properties: readonly Property[]) => readonly Property[],
): string {
  const chosenIn = (node: unknown): readonly Property[] => {
    if (typeof node !== 'object' || node === null) return [];
    const { type, properties } = node as { readonly type?: unknown; readonly properties?: unknown };
    const chosen = type === 'ObjectExpression' ? choose(properties as readonly Property[]) : [];
    return chosen.length > 0 ? chosen : Object.values(node).flatMap(chosenIn);
  };
  return chosenIn(parseSync(id, code).program).reduceRight(
    (text, { start, end }) => `${text.slice(0, start)}${text.slice(end).replace(/^\s*,/, '')}`,
    code,
  );
}

function filesBelow(folder: string): string[] {
  return readdirSync(join(ROOT, folder), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.ts'))
    .map((name) => join(ROOT, folder, name));
}

/**
 * ncc names its chunks by the paths of modules, and of its own loaders, as seen from where it runs. Hence it runs beside
 * itself, below `node_modules/`: the names do not depend on where the repository lies.
 */
function pack(from: string, to: string): void {
  const ncc = join(ROOT, 'node_modules', '@vercel', 'ncc', 'dist', 'ncc', 'cli.js');
  execFileSync(process.execPath, [ncc, 'build', 'index.js', '-o', to, '--no-cache'], {
    cwd: from,
    stdio: ['ignore', 'ignore', 'inherit'],
  });
}

/** ncc packs legibly, which is a tenth of the bundle. */
async function tighten(folder: string): Promise<void> {
  for (const name of readdirSync(folder).filter((each) => each.endsWith('.js'))) {
    const file = join(folder, name);
    const { code, errors } = await minify(name, readFileSync(file, 'utf8'), { module: true });
    if (errors.length > 0) throw new Error(`${name}: ${errors.map(({ message }) => message).join(' ')}`);
    writeFileSync(file, code);
  }
}

/** Each licence's text once, below the names of the packages that carry it and have a module in the bundle. */
function licensesOf(chunks: readonly OutputChunk[]): string {
  const modules = chunks.flatMap((chunk) => Object.keys(chunk.modules));
  const folders = new Set(modules.flatMap((id) => packageOf(id) ?? []));
  const packagesByText = new Map<string, Set<string>>();
  for (const { name, license, text } of [...folders].map(licenseOf)) {
    const key = `${license}\n${text}`;
    packagesByText.set(key, (packagesByText.get(key) ?? new Set()).add(name));
  }
  const sections = [...packagesByText].map(([text, names]) => `${[...names].sort().join('\n')}\n${text}`);
  return `${sections.sort().join('\n\n')}\n`;
}

/** The folder of the package that a module belongs to; undefined for the action's own. */
function packageOf(id: string): string | undefined {
  if (!id.includes('/node_modules/')) return undefined;
  let folder = dirname(id.replace(/^\0/, ''));
  // A package may hold a package.json without a name, which says nothing but the type of its modules.
  while (!isPackage(folder)) folder = dirname(folder);
  return folder;
}

function isPackage(folder: string): boolean {
  const file = join(folder, 'package.json');
  return existsSync(file) && 'name' in (JSON.parse(readFileSync(file, 'utf8')) as object);
}

function licenseOf(folder: string): { name: string; license: string; text: string } {
  const { name, license } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as {
    name: string;
    license?: string;
  };
  if (license === undefined) throw new Error(`The package ${name} names no licence.`);
  const file = readdirSync(folder).find((each) => /^licen[cs]e(?:\.|$)/i.test(each));
  return { name, license, text: file === undefined ? '' : readFileSync(join(folder, file), 'utf8').trim() };
}

if (import.meta.main) await build(resolve(process.argv[2] ?? join(ROOT, 'dist')));

import { parseDocument } from 'yaml';
import { codeBlocksOf } from '../../scripts/markdown.ts';

/** A step of an example that uses this action. */
export interface Example {
  /** `README.md:7`. */
  readonly at: string;
  readonly inputs: Readonly<Record<string, string>>;
}

/** A job of an example that calls a workflow of this repository. */
export interface CallExample {
  readonly at: string;
  readonly file: string;
  readonly inputs: readonly string[];
  readonly permissions: Readonly<Record<string, string>>;
}

/** What the expressions of the examples could be on a runner. */
const CONTEXTS: readonly (readonly [RegExp, string])[] = [
  [/^github\.sha$/, '0123456789abcdef0123456789abcdef01234567'],
  [/^github\.token$/, 'ghs_0123456789abcdef'],
  [/^github\.event\.[\w.]+\.sha$/, '0123456789abcdef0123456789abcdef01234567'],
  [/^steps\.[\w-]+\.outputs\.image$/, '111122223333.dkr.ecr.eu-central-1.amazonaws.com/backend:1'],
  [
    /^needs\.[\w-]+\.outputs\.service-deployment-arn$/,
    'arn:aws:ecs:eu-central-1:111122223333:service-deployment/prod/backend/AbC1',
  ],
  [/^vars\.\w*URL$/, 'https://api.example.com/health'],
  [/^(?:vars|inputs|secrets|matrix|github)\.[\w.-]+$/, 'example'],
];

/** Every step with this action in the YAML blocks of a file; throws where a block is no YAML. */
export function examplesOf(file: string, markdown: string): Example[] {
  return codeBlocksOf(markdown, 'yaml').flatMap(({ line, code }) => {
    const at = `${file}:${line}`;
    // Scalars stay as they are written: that is what the runner hands over.
    const document = parseDocument(code, { schema: 'failsafe', uniqueKeys: true });
    if (document.errors.length > 0) throw new Error(`${at}: ${document.errors.join('; ')}`);
    return stepsIn(document.toJS()).map((inputs) => ({ at, inputs }));
  });
}

/** Every job in the YAML blocks of a file that calls a workflow of this repository by its published name. */
export function callsOf(file: string, markdown: string): CallExample[] {
  return codeBlocksOf(markdown, 'yaml').flatMap(({ line, code }) =>
    jobsIn(parseDocument(code, { schema: 'failsafe' }).toJS()).flatMap(
      ({ uses, with: inputs, permissions }) => {
        const called = /^org\/ecs-fargate-deploy\/\.github\/workflows\/([\w-]+\.yml)@v1$/.exec(
          uses ?? '',
        )?.[1];
        return called === undefined
          ? []
          : [
              {
                at: `${file}:${line}`,
                file: called,
                inputs: Object.keys(inputs ?? {}),
                permissions: permissions ?? {},
              },
            ];
      },
    ),
  );
}

interface CallingJob {
  readonly uses?: string;
  readonly with?: Readonly<Record<string, string>>;
  readonly permissions?: Readonly<Record<string, string>>;
}

function jobsIn(node: unknown): CallingJob[] {
  const { jobs = {} } = (typeof node === 'object' && node !== null ? node : {}) as {
    jobs?: Readonly<Record<string, CallingJob>>;
  };
  return Object.values(jobs);
}

/** Every action of others in a text, such as `actions/checkout@v7`, with its major version. */
export function actionsOf(text: string): { readonly action: string; readonly major: string }[] {
  return [...text.matchAll(/uses: ([\w.-]+\/[\w./-]+)@(?:v(\d+)\b|[0-9a-f]{40} # v(\d+)\.)/g)].map(
    ([, action = '', major, pinned]) => ({ action, major: major ?? pinned ?? '' }),
  );
}

function stepsIn(node: unknown): Record<string, string>[] {
  if (Array.isArray(node)) return node.flatMap(stepsIn);
  if (typeof node !== 'object' || node === null) return [];
  const { uses, with: inputs } = node as { uses?: unknown; with?: unknown };
  const own = typeof uses === 'string' && isThisAction(uses) ? [evaluated(inputs)] : [];
  return [...own, ...Object.values(node).flatMap(stepsIn)];
}

function isThisAction(uses: string): boolean {
  return uses === './' || /^[\w-]+\/ecs-fargate-deploy@/.test(uses);
}

function evaluated(inputs: unknown): Record<string, string> {
  const entries = Object.entries((inputs ?? {}) as Record<string, unknown>);
  return Object.fromEntries(entries.map(([name, text]) => [name, evaluate(String(text))]));
}

/** Throws where an example has an expression that is not foreseen. */
export function evaluate(text: string): string {
  return text.replaceAll(/\$\{\{\s*(.*?)\s*\}\}/g, (_, expression: string) => {
    const value = CONTEXTS.find(([pattern]) => pattern.test(expression))?.[1];
    if (value === undefined) throw new Error(`No value for the expression ${expression}`);
    return value;
  });
}

/** The YAML blocks of a file that are whole workflows. */
export function workflowsOf(
  file: string,
  markdown: string,
): { readonly at: string; readonly code: string }[] {
  return codeBlocksOf(markdown, 'yaml')
    .filter(({ code }) => /^on:/m.test(code) && /^jobs:/m.test(code))
    .map(({ line, code }) => ({ at: `${file}:${line}`, code }));
}

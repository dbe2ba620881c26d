/** The causes as docs/outcomes.md shows them. */
import { EXIT_CODES, STOP_REASONS, type Severity } from '../../src/ecs/stop-reasons.ts';
import { CAUSE_GUIDE, CAUSES, type Cause, type CauseGuide } from '../../src/model/index.ts';
import { table } from '../readme-tables.ts';

type Phase = CauseGuide['phase'];

const PHASES: readonly { readonly phase: Phase; readonly title: string; readonly note: string }[] = [
  { phase: 'before', title: 'Before a service is touched', note: 'The service is as it was.' },
  {
    phase: 'rollout',
    title: 'While the new tasks start',
    note: 'By `on-failure`, the step has put the last good revision back, or left the deployment; the message says which.',
  },
  {
    phase: 'after',
    title: 'When the rollout is over',
    note: 'ECS calls the deployment complete, and what users see is not as it should be.',
  },
  { phase: 'any', title: 'At any time', note: 'The message says what becomes of the service.' },
];

const SEVERITIES: Readonly<Record<Severity, string>> = {
  conclusive: 'the first one',
  counts: '`failed-task-limit`',
  ignored: 'none: shown only',
};

/** Links to all causes, in the contract's order. */
export function causeIndex(): string {
  return CAUSES.map((cause) => `[\`${cause}\`](#${cause})`).join(' · ');
}

/** Each cause with what it means, what the log shows and what to do, by the time at which it comes up. */
export function causesByPhase(inputs: readonly string[]): string {
  return PHASES.flatMap(({ phase, title, note }) => [
    `### ${title}`,
    note,
    ...CAUSES.filter((cause) => CAUSE_GUIDE[cause].phase === phase).flatMap((cause) =>
      section(cause, inputs),
    ),
  ]).join('\n\n');
}

function section(cause: Cause, inputs: readonly string[]): string[] {
  const { meaning, log, hint } = CAUSE_GUIDE[cause];
  const reasons = reasonTable(cause, inputs);
  return [
    `#### \`${cause}\``,
    meaning,
    `- **The log shows:** ${log}\n- **What to do:** ${withCode(hint, inputs)}`,
    ...(reasons === '' ? [] : [reasons]),
  ];
}

/** What ECS says of a stopped task, and how many such tasks are conclusive. */
function reasonTable(cause: Cause, inputs: readonly string[]): string {
  const reasons = STOP_REASONS.filter((row) => row.cause === cause).map((row) => ({
    ...row,
    sign: `\`${row.says}\``,
  }));
  const codes = Object.entries(EXIT_CODES)
    .filter(([, row]) => row.cause === cause)
    .map(([code, row]) => ({ ...row, sign: `exit code ${code}` }));
  const rows = [...reasons, ...codes].map(({ sign, severity, hint }) => [
    sign,
    SEVERITIES[severity],
    withCode(hint, inputs),
  ]);
  return rows.length === 0 ? '' : table(['Stopped task', 'Conclusive is', 'What to do'], rows);
}

/**
 * Names of inputs as code, with their value if one follows: those that cannot be words of a sentence, and those that
 * are called inputs.
 */
export function withCode(text: string, inputs: readonly string[]): string {
  const called = text.replace(/\binputs? (?:[a-z-]+(?:, | and )?)+/g, (list) =>
    list.replace(/[a-z-]+/g, (word) => (inputs.includes(word) ? `\`${word}\`` : word)),
  );
  const names = inputs.filter((name) => name.includes('-')).sort((a, b) => b.length - a.length);
  const pattern = new RegExp(
    `(?<![\\w\`-])(?:(?:${names.join('|')})(?:: \\w+)?|(?:mode|preflight): \\w+)(?![\\w\`-])`,
    'g',
  );
  return called.replace(pattern, (found) => `\`${found}\``);
}

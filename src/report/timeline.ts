import type { StepMark, StepRecord } from '../model/index.ts';
import { duration } from '../runtime/log.ts';
import { codeBlock, details, escapeText, table } from './markdown.ts';
import { stamp, type TimedPoint } from './progress-log.ts';
import type { Report } from './report.ts';

/** Bars that a chart holds before it is no help any more; past them the table alone is shown. */
const MAX_BARS = 40;

/** A shorter bar cannot be seen, as a share of the whole. */
const SHORTEST = 0.01;

interface Bar {
  readonly name: string;
  readonly from: number;
  readonly to: number;
  readonly state: 'done' | 'crit' | undefined;
}

const SIGNS: Readonly<Record<StepMark, string>> = { done: '✅', warning: '⚠️', failed: '❌' };

/** None for a warning: beside a short bar that is `active` Mermaid's dark theme writes black on black. */
const STATES: Readonly<Record<StepMark, Bar['state']>> = { done: 'done', warning: undefined, failed: 'crit' };

/** Pure: the steps and the rollouts as a Mermaid chart, and below it the weights of traffic and the steps as tables. */
export function timeline(report: Report): string[] {
  if (report.steps.length === 0 || !tookTime(report)) return [];
  const rows = report.steps.map((step) => [
    `${SIGNS[step.mark]} ${escapeText(step.name)}`,
    stamp(step.from).trim(),
    duration(step.seconds),
  ]);
  const steps = table(['Step', 'At', 'Took'], rows);
  const chart = chartOf(report);
  return chart === undefined
    ? [`### Timeline`, steps, ...trafficTables(report)]
    : [`### Timeline`, chart, ...trafficTables(report), details('The steps as a table', steps)];
}

/** Nobody asks how long it took to plan, to find nothing to do, or to find a wrong input. */
function tookTime({ result, cause, services, build, steps }: Report): boolean {
  const isOver =
    ['planned', 'unchanged', 'registered'].includes(result) || (cause !== undefined && services.length === 0);
  return !isOver || build !== undefined || steps.some(({ seconds }) => seconds >= A_WHILE);
}

/** Seconds. */
const A_WHILE = 10;

function chartOf(report: Report): string | undefined {
  const services = [...new Set(report.rollout.map(({ service }) => service))];
  const sections = [
    { title: 'Steps', bars: report.steps.map(stepBar) },
    ...services.map((service) => ({
      title: services.length === 1 ? 'Rollout' : service,
      bars: rolloutBars(report, service),
    })),
  ];
  const bars = sections.flatMap((section) => section.bars);
  const total = Math.max(...bars.map(({ to }) => to));
  if (bars.length > MAX_BARS || total < 1) return undefined;
  const lines = sections.flatMap(({ title, bars: own }) =>
    own.length === 0
      ? []
      : [`    section ${word(title)}`, ...own.map((bar) => barLine(bar, total * SHORTEST))],
  );
  const head = ['gantt', '    dateFormat x', '    axisFormat %s s', `    tickInterval ${tickFor(total)}`];
  return codeBlock([...head, ...lines], 'mermaid');
}

function stepBar({ name, from, seconds, mark }: StepRecord): Bar {
  return { name, from, to: from + seconds, state: STATES[mark] };
}

/**
 * `name :state, start, end` in milliseconds (Mermaid docs, "Gantt diagrams"). The axis counts seconds, so that it says
 * the same in every time zone.
 */
function barLine({ name, from, to, state }: Bar, shortest: number): string {
  const [start, end] = [from, Math.max(to, from + shortest)].map((seconds) => Math.round(seconds * 1000));
  return `    ${word(name)} :${state === undefined ? '' : `${state}, `}${start ?? 0}, ${end ?? 0}`;
}

const TICKS = [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200];

/** At most seven of them, so that they stand apart on a narrow screen: the shortest that is not too short. */
function tickFor(total: number): string {
  const seconds = TICKS.find((tick) => total / tick <= 7) ?? 10_800;
  return seconds < 60 ? `${seconds}second` : `${seconds / 60}minute`;
}

/** Letters that mean nothing to Mermaid: one percent sign is a letter, two of them begin a comment. */
function word(text: string): string {
  return text
    .replace(/[^\p{L}\p{N} _%.-]/gu, ' ')
    .replace(/%{2,}/g, (signs) => ' '.repeat(signs.length))
    .slice(0, 60);
}

/** Runs of looks that show the same phase, each until the next one begins. */
function rolloutBars(report: Report, service: string): Bar[] {
  const points = report.rollout.filter((point) => point.service === service);
  const starts = points.filter(
    (point, at) => at === 0 || phaseOf(point) !== phaseOf(points[at - 1] ?? point),
  );
  return starts.flatMap((point, at) => {
    const name = phaseOf(point);
    const to = starts[at + 1]?.at ?? endOfStep(report, points.at(-1)?.at ?? point.at);
    return name === 'complete'
      ? []
      : [{ name, from: point.at, to, state: isBad(point, report) ? 'crit' : undefined }];
  });
}

function endOfStep({ steps, durationSeconds }: Report, at: number): number {
  const around = steps.find(({ from, seconds }) => from <= at && at <= from + seconds);
  return around === undefined ? durationSeconds : around.from + around.seconds;
}

function phaseOf(point: TimedPoint): string {
  if (point.stage.startsWith('rollback')) return 'rolling back';
  const name = phaseOfRollout(point);
  return point.back === true && name !== 'complete' ? `rollback - ${name}` : name;
}

function phaseOfRollout({ stage, failed, running, desired, healthy, old }: TimedPoint): string {
  if (failed > 0) return 'tasks fail';
  const ofStrategy = /\((.+)\)/.exec(stage)?.[1];
  // Beside a bar there is little room.
  if (ofStrategy !== undefined) return ofStrategy.replace(' traffic shift', ' traffic');
  if (running < desired) return 'starting tasks';
  if (healthy !== undefined && healthy < desired) return 'becoming healthy';
  return old > 0 ? 'draining old tasks' : 'complete';
}

/** A rollback on purpose is what was asked for. */
function isBad({ stage, failed }: TimedPoint, { mode }: Report): boolean {
  return failed > 0 || (mode !== 'rollback' && stage.startsWith('rollback'));
}

/**
 * Pure: for each service whose traffic was shifted in steps, or went back, the weights of the new revision in percent,
 * each with the stage and the time at which it was first seen. A service whose traffic went over at once, and stayed, has
 * none.
 */
export function trafficTables({ rollout }: Pick<Report, 'rollout'>): string[] {
  const services = [...new Set(rollout.map(({ service }) => service))];
  return services.flatMap((service) => {
    const points = rollout.filter((point) => point.service === service);
    const rows = rowsOf(points);
    if (rows.length === 0) return [];
    const name = services.length === 1 ? '' : ` of ${escapeText(service)}`;
    return [`**Traffic${name}**\n\n${table(['New revision', 'Stage', 'First seen'], rows)}`];
  });
}

function rowsOf(points: readonly TimedPoint[]): string[][] {
  const known = points.filter(({ weight }) => weight !== undefined);
  const isPart = known.some(({ weight = 0 }) => weight > 0 && weight < 100);
  const reached = known.findIndex(({ weight = 0 }) => weight > 0);
  const isBack = reached >= 0 && known.slice(reached).some(({ weight }) => weight === 0);
  if (!isPart && !isBack) return [];
  // No traffic is the state before the first step, and nothing to tell.
  return known
    .filter(({ weight }, at) => weight !== (known[at - 1]?.weight ?? 0))
    .map(({ weight, stage, at }) => [`${weight ?? 0} %`, escapeText(nameOf(stage)), stamp(at).trim()]);
}

/** `in progress (bake time)` is called `bake time`; the weight stands beside it. */
function nameOf(stage: string): string {
  const [, status = stage, name] = /^(.*?) \((.+?)(?:, [\d.]+ %)?\)$/.exec(stage) ?? [];
  if (name === undefined) return stage;
  return status.startsWith('rollback') ? status : name;
}

/** How production traffic was shifted, as the summary has it. */
import { escapeText, table } from './markdown.ts';
import { stamp, type TimedPoint } from './progress-log.ts';
import type { Report } from './report.ts';

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

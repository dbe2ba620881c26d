/** What the metrics of the input `metrics` showed, as the summary has it. */
import { metricInUnit, type GateResult, type MetricValue } from '../model/index.ts';
import { counted } from '../runtime/log.ts';
import { code, escapeText, table } from './markdown.ts';
import type { Report, ServiceReport } from './report.ts';

const SIGNS: Readonly<Record<GateResult['state'], string>> = { passed: '✅', failed: '❌', skipped: '➖' };

/** A small table of each service whose metrics were read; with a column for the old tasks where one is compared. */
export function metricTables({ services }: Report): string[] {
  return services.flatMap((service) => {
    const values = valuesOf(service);
    if (values.length === 0) return [];
    const name = services.length === 1 ? '' : ` of ${escapeText(service.name)}`;
    return [`**Metrics${name}**\n\n${tableOf(values)}`];
  });
}

function valuesOf({ gates }: ServiceReport): readonly MetricValue[] {
  return gates.flatMap(({ gate, values = [] }) => (gate === 'metrics' ? values : []));
}

function tableOf(values: readonly MetricValue[]): string {
  const isCompared = values.some(({ condition }) => condition.endsWith('x'));
  const optional = (cell: string): string[] => (isCompared ? [cell] : []);
  const head = ['Metric', 'New tasks', ...optional('Old tasks'), 'Has to be'];
  const rows = values.map(({ metric, condition, value, before, limit, requests, state }) => [
    // Few columns: on a narrow screen the last ones are cut off.
    `${SIGNS[state]} ${code(metric)}`,
    `${shown(metric, value)}${restsOn(metric, requests)}`,
    ...optional(shown(metric, before)),
    `${code(condition)}${before === undefined ? '' : ` (${shown(metric, limit)})`}`,
  ]);
  return table(head, rows);
}

/** How many requests a value rests on; a count of them says so itself. */
function restsOn(metric: string, requests: number | undefined): string {
  return requests === undefined || metric === 'requests' ? '' : ` (${counted(requests, 'request')})`;
}

function shown(metric: string, value: number | undefined): string {
  return value === undefined ? '–' : metricInUnit(metric, value);
}

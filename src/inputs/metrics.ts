/** The grammar of the input `metrics`: `NAME OP N`, and `NAME: CLOUDWATCH-EXPRESSION OP N`. */
import { STANDARD_METRICS, type MetricCheck, type StandardMetric } from '../model/index.ts';
import { either, problem, quoted, value, type Parsed } from './values.ts';

const OPERATORS = ['<', '<=', '>', '>='] as const;

const EXAMPLES = 'Write a line as "5xx-percent < 1", "p99-seconds <= 1.5x" or "failed-orders: SELECT … < 5".';

/** API reference, MetricDataQuery. */
const LONGEST_EXPRESSION = 2048;

/** One line of the input. Every problem quotes the line. */
export function metricCheck(line: string): Parsed<MetricCheck> {
  const written = line.trim().replace(/\s+/g, ' ');
  const [, left = '', operator = '', number = ''] =
    /^(.*?[^<>=\s])\s*(<=|>=|<|>)\s*([^\s<>=]+)$/.exec(written) ?? [];
  if (!isOperator(operator)) {
    return problem(`${quoted(written)} does not end with ${either(OPERATORS)} and a number. ${EXAMPLES}`);
  }
  const [, digits, times] = /^(\d+(?:\.\d+)?|\.\d+)(x?)$/.exec(number) ?? [];
  if (digits === undefined) {
    return problem(
      `${quoted(number)} in ${quoted(written)} is not a number. Give one without a unit, such as 1 or 0.5, or 1.5x for one and a half times what the old tasks show.`,
    );
  }
  const bound = { operator, bound: Number(digits), isRelative: times === 'x', text: written };
  const [, name, expression] = /^([^:]*?)\s*:\s*(.*)$/.exec(left) ?? [];
  return name === undefined || expression === undefined
    ? ofStandardMetric(left, bound)
    : ofExpression(name, expression, bound);
}

type Bound = Omit<MetricCheck, 'name' | 'expression'>;

function ofStandardMetric(name: string, bound: Bound): Parsed<MetricCheck> {
  if (!isStandard(name)) {
    return problem(
      `${quoted(name)} is not known. Give ${either(STANDARD_METRICS)}, or NAME: and an expression of CloudWatch.`,
    );
  }
  const wrong = wrongBound(name, bound);
  return wrong === undefined ? value({ name, ...bound }) : problem(`${quoted(bound.text)} ${wrong}`);
}

function wrongBound(name: StandardMetric, { operator, bound, isRelative }: Bound): string | undefined {
  if (isRelative && name === 'requests') {
    return 'compares numbers of requests, which follow the shares of the traffic. Give a number without x.';
  }
  if (operator === '<' && bound === 0) return 'can never hold: nothing is below 0. Give a number above 0.';
  if (!isRelative && name.endsWith('-percent') && bound > 100) return 'is above 100 percent. Give up to 100.';
  return undefined;
}

function ofExpression(name: string, expression: string, bound: Bound): Parsed<MetricCheck> {
  if (!/^[A-Za-z0-9][\w.-]*$/.test(name)) {
    return problem(
      `${quoted(name)} in ${quoted(bound.text)} is not a name. Give letters, digits, dots, hyphens and underscores.`,
    );
  }
  if (isStandard(name)) {
    return problem(`${quoted(name)} has a meaning of its own. Give the expression another name.`);
  }
  if (expression === '' || expression.length > LONGEST_EXPRESSION) {
    return problem(
      `${quoted(bound.text)} has ${expression === '' ? 'no expression' : `an expression of more than ${LONGEST_EXPRESSION} characters`}. Give one of CloudWatch, such as SELECT SUM(FailedOrders) FROM Shop.`,
    );
  }
  if (bound.isRelative) {
    return problem(
      `${quoted(bound.text)} cannot be compared with the old tasks: an expression does not tell them apart. Give a number without x.`,
    );
  }
  return value({ name, expression, ...bound });
}

function isStandard(name: string): name is StandardMetric {
  return STANDARD_METRICS.includes(name as StandardMetric);
}

function isOperator(text: string): text is MetricCheck['operator'] {
  return OPERATORS.includes(text as MetricCheck['operator']);
}

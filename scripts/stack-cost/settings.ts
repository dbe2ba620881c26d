/** What of infra/'s variables decides on its cost. */
export interface Settings {
  /** CPU units and MiB of a task. */
  readonly cpu: number;
  readonly memory: number;
  readonly cpu_architecture: string;
  readonly zone_count: number;
  readonly nat: string;
  readonly vpc_endpoints: boolean;
  readonly execute_command: boolean;
  readonly internal: boolean;
  readonly waf: boolean;
  readonly flow_logs: boolean;
  readonly log_encryption: boolean;
  readonly container_insights: boolean;
  readonly min_capacity: number;
  readonly max_capacity: number;
  readonly fargate_base: number;
  readonly fargate_weight: number;
  readonly fargate_spot_weight: number;
  /** Hours a week in which tasks run. */
  readonly hoursAWeek: number;
}

const HOURS_A_WEEK = 168;

/**
 * Pure: the settings that an environment (its main.tf) gives the stack, over the defaults of the variables. Throws where a
 * setting is in neither.
 */
export function readSettings(variables: string, environment: string): Settings {
  const settings = stackIn(environment);
  const given = { ...defaultsIn(variables), ...assignmentsIn(settings) };
  const text = (name: string): string => {
    const value = given[name];
    if (value === undefined) throw new Error(`The variables have no ${name} with a default.`);
    return value.replaceAll('"', '');
  };
  const number = (name: string): number => {
    const value = Number(text(name));
    if (Number.isNaN(value)) throw new Error(`${name} is ${text(name)}, which is no number.`);
    return value;
  };
  const flag = (name: string): boolean => text(name) === 'true';
  return {
    cpu: number('cpu'),
    memory: number('memory'),
    cpu_architecture: text('cpu_architecture'),
    zone_count: number('zone_count'),
    nat: text('nat'),
    vpc_endpoints: flag('vpc_endpoints'),
    execute_command: flag('execute_command'),
    internal: flag('internal'),
    waf: flag('waf'),
    flow_logs: flag('flow_logs'),
    log_encryption: flag('log_encryption'),
    container_insights: flag('container_insights'),
    min_capacity: number('min_capacity'),
    max_capacity: number('max_capacity'),
    fargate_base: number('fargate_base'),
    fargate_weight: number('fargate_weight'),
    fargate_spot_weight: number('fargate_spot_weight'),
    hoursAWeek: hoursAWeek(settings),
  };
}

/** `variable "nat" { … default = "per-az" … }`, as terraform fmt writes it. */
function defaultsIn(variables: string): Record<string, string> {
  const blocks = [...variables.matchAll(/^variable "(\w+)" \{\n(.*?)^\}/gms)];
  return Object.fromEntries(
    blocks.flatMap(([, name = '', body = '']) => {
      const found = /^ {2}default\s*=\s*(.+)$/m.exec(body)?.[1];
      return found === undefined ? [] : [[name, found.trim()]];
    }),
  );
}

/** What stands in `module "stack" { … }`, without its indent. */
function stackIn(environment: string): string {
  const body = /^module "stack" \{\n(.*?)^\}/ms.exec(environment)?.[1] ?? '';
  return body.replaceAll(/^ {2}/gm, '');
}

/** `nat = "none"` on a line of its own; what spans lines is left out. */
function assignmentsIn(settings: string): Record<string, string> {
  const lines = [...settings.matchAll(/^(\w+)\s*=\s*([^{\n]+?)\s*$/gm)];
  return Object.fromEntries(lines.map(([, name = '', value = '']) => [name, value]));
}

/** Between the start and the stop of `night` on working days; the whole week where there is no night. */
function hoursAWeek(settings: string): number {
  const night = /^night = \{(.*?)^\}/ms.exec(settings)?.[1];
  if (night === undefined) return HOURS_A_WEEK;
  const hour = (which: string): number => {
    const found = new RegExp(`${which}\\s*=\\s*"cron\\(0 (\\d+) \\? \\* MON-FRI \\*\\)"`).exec(night)?.[1];
    if (found === undefined) throw new Error(`night.${which} is no full hour of the working days.`);
    return Number(found);
  };
  return 5 * (hour('stop') - hour('start'));
}

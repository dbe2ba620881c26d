/**
 * What the stack of infra/ costs a month in us-east-1.
 *
 *   npm run cost                                     the defaults and each environment
 *   npm run cost -- infra/environments/dev.tfvars    one file of variables
 */
import { readdirSync, readFileSync } from 'node:fs';
import { basename } from 'node:path';

import { billOf, underLoad, type Bill } from './stack-cost/bill.ts';
import { readSettings, type Settings } from './stack-cost/settings.ts';

const ROOT = new URL('../', import.meta.url);
const ENVIRONMENTS = ['dev', 'staging', 'prod'];

export interface Environment {
  readonly name: string;
  readonly settings: Settings;
  readonly bill: Bill;
}

/** The stack with the defaults of its variables, and with each file of infra/environments. */
export function environments(): Environment[] {
  const files = ENVIRONMENTS.map((name) => `infra/environments/${name}.tfvars`);
  return [environment('defaults', ''), ...files.map((file) => environmentIn(file))];
}

function environmentIn(file: string): Environment {
  return environment(basename(file, '.tfvars'), readFileSync(new URL(file, ROOT), 'utf8'));
}

function environment(name: string, tfvars: string): Environment {
  const settings = readSettings(variables(), tfvars);
  return { name, settings, bill: billOf(settings) };
}

function variables(): string {
  const folder = new URL('infra/', ROOT);
  const files = readdirSync(folder).filter((file) => /^variables.*\.tf$/.test(file));
  return files.map((file) => readFileSync(new URL(file, folder), 'utf8')).join('\n');
}

/** `36.04`, or `10.81 to 36.04` where Spot may save. */
export function inDollars(dollars: number, saving = 0): string {
  const figure = dollars.toFixed(2);
  return saving < 0.005 ? figure : `${(dollars - saving).toFixed(2)} to ${figure}`;
}

function print({ name, settings, bill }: Environment): void {
  console.log(`${name}: ${inDollars(bill.total, bill.spot)} US dollars a month`);
  for (const { what, how, dollars } of bill.lines) {
    console.log(`  ${dollars.toFixed(2).padStart(8)}  ${what} (${how})`);
  }
  if (bill.spot > 0) console.log(`  ${(-bill.spot).toFixed(2).padStart(8)}  Fargate Spot, at most`);
  const most = underLoad(settings);
  console.log(
    `  ${inDollars(most.total, most.spot)} with ${settings.max_capacity} tasks all month, the most there are`,
  );
}

if (import.meta.main) {
  const files = process.argv.slice(2);
  for (const each of files.length === 0 ? environments() : files.map(environmentIn)) print(each);
}

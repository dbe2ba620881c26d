/**
 * What the stack of infra/ costs a month in us-east-1.
 *
 *   npm run cost                              the defaults and each environment
 *   npm run cost -- infra/environments/dev    one environment
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

/** The stack with the defaults of its variables, and with the settings of each folder of infra/environments. */
export function environments(): Environment[] {
  const folders = ENVIRONMENTS.map((name) => `infra/environments/${name}`);
  return [environment('defaults', ''), ...folders.map((folder) => environmentIn(folder))];
}

function environmentIn(folder: string): Environment {
  return environment(basename(folder), readFileSync(new URL(`${folder}/main.tf`, ROOT), 'utf8'));
}

function environment(name: string, text: string): Environment {
  const settings = readSettings(variables(), text);
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
  const folders = process.argv.slice(2);
  for (const each of folders.length === 0 ? environments() : folders.map(environmentIn)) print(each);
}

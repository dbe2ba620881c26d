import type { Json } from '../model.ts';

/** CPU units of "1024", "1 vCPU" and "1vcpu" (ECS API, TaskDefinition `cpu`); undefined for anything else. */
export function cpuUnits(cpu: Json | undefined): number | undefined {
  return sizeOf(cpu, /^(\d+(?:\.\d+)?|\.\d+)\s*(vcpu)?$/i);
}

/** MiB of "2048", "2 GB" and "2gb" (ECS API, TaskDefinition `memory`); undefined for anything else. */
export function mebibytes(memory: Json | undefined): number | undefined {
  return sizeOf(memory, /^(\d+(?:\.\d+)?|\.\d+)\s*(gb)?$/i);
}

/** A unit is worth 1024 of what goes without one. */
function sizeOf(value: Json | undefined, pattern: RegExp): number | undefined {
  const match = typeof value === 'string' ? pattern.exec(value.trim()) : null;
  if (match === null) return undefined;
  return match[2] === undefined ? Number(match[1]) : Number(match[1]) * 1024;
}

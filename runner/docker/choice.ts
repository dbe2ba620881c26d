/** Which engine the tests use. */
import { isLocal, type MachineEngine } from './machine-engine.ts';

export const ENGINES = ['machine', 'own', 'container'] as const;
export type EngineName = (typeof ENGINES)[number];

export interface Facts {
  /** The engine that EFD_DOCKER asks for. */
  readonly asked?: EngineName;
  readonly machine?: Pick<MachineEngine, 'host' | 'isHere'>;
  readonly platform: string;
  /** Root, or sudo without a password. */
  readonly isRoot: boolean;
  /** Whether apt-get can bring what is missing. */
  readonly hasPackages: boolean;
  /** Of PROGRAMS, what this machine lacks. */
  readonly lacking: readonly string[];
}

/** What the tests run as root, by the Debian package that has it. */
export const PROGRAMS: Readonly<Record<string, string>> = {
  ip: 'iproute2',
  openssl: 'openssl',
  setpriv: 'util-linux',
  unshare: 'util-linux',
};

export type Choice = { readonly engine: EngineName } | { readonly engine: 'none'; readonly why: string };

/**
 * Pure. The engine of the machine, where it can be told the registry's name and certificate; otherwise a container on it,
 * in which an engine of our own runs; without any engine, one of our own on the machine.
 */
export function choose(facts: Facts): Choice {
  const { asked, machine } = facts;
  if (asked !== undefined) return chosen(asked, WHY_NOT[asked](facts));
  if (machine === undefined) return chosen('own', WHY_NOT.own(facts));
  return { engine: WHY_NOT.machine(facts) === undefined ? 'machine' : 'container' };
}

function chosen(engine: EngineName, why: string | undefined): Choice {
  return why === undefined ? { engine } : { engine: 'none', why };
}

const NO_ENGINE = 'no Docker engine answers "docker version" here.';

/** Undefined where the engine can be had. */
const WHY_NOT: Readonly<Record<EngineName, (facts: Facts) => string | undefined>> = {
  machine: ({ machine, ...facts }) => {
    if (machine === undefined) return NO_ENGINE;
    if (!isLocal(machine.host)) return `the Docker engine at ${machine.host} is on another machine.`;
    if (!machine.isHere)
      return `the Docker engine at ${machine.host} does not use the files and addresses of this machine.`;
    return whyNothingHere(facts);
  },
  own: whyNothingHere,
  container: ({ machine }) => (machine === undefined ? NO_ENGINE : undefined),
};

function whyNothingHere({
  platform,
  isRoot,
  hasPackages,
  lacking,
}: Omit<Facts, 'machine'>): string | undefined {
  if (platform !== 'linux') return 'the registry gets its name in ECR by means that Linux has.';
  if (!isRoot) return 'the name and the address of the registry need root, or sudo without a password.';
  if (!hasPackages) return "the registry comes from Debian's or Ubuntu's packages, and there is no apt-get.";
  if (lacking.length > 0)
    return `the tests need ${lacking.map((name) => `${name} (${PROGRAMS[name] ?? name})`).join(', ')}.`;
  return undefined;
}

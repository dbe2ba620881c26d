import { createHash } from 'node:crypto';

const base62 = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';
const base10 = '0123456789';
const base36 = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789';
const base16 = '0123456789abcdef';

/** `sha256:<64 hex digits>` of a text: how registries name content. */
export function digestOf(text: string): string {
  return `sha256:${createHash('sha256').update(text).digest('hex')}`;
}

/** Identifiers in the shapes that AWS gives them. The same seed yields the same identifiers in the same order. */
export class Ids {
  private readonly seed: string;
  private count = 0;

  constructor(seed: string) {
    this.seed = seed;
  }

  /** 32 hex digits: a task's id. */
  hex(length = 32): string {
    return this.draw(base16, length);
  }

  /** 19 digits that do not begin with 0: a deployment, and the service revision that it deploys. */
  digits(): string {
    return `1${this.draw(base10, 18)}`;
  }

  /** 21 letters and digits: a service deployment. */
  serviceDeployment(): string {
    return this.draw(base62, 21);
  }

  /** `d-` and nine letters and digits: a deployment of CodeDeploy. */
  codeDeployment(): string {
    return `d-${this.draw(base36, 9)}`;
  }

  uuid(): string {
    const hex = this.hex();
    return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join('-');
  }

  /** A whole number, counted up from 1: for addresses, where collisions would matter. */
  next(): number {
    this.count += 1;
    return this.count;
  }

  private draw(alphabet: string, length: number): string {
    const bytes = createHash('sha512').update(`${this.seed}/${this.next()}`).digest();
    return Array.from(bytes.subarray(0, length), (byte) => alphabet.charAt(byte % alphabet.length)).join('');
  }
}

/** Scripts of package.json side by side, what they print one after the other. */
import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('..', import.meta.url));

export interface Ended {
  readonly script: string;
  readonly exitCode: number | null;
  readonly seconds: number;
  readonly output: string;
}

/** Runs each lane's scripts, with their arguments behind them, one after the other, the lanes side by side. A script that ends badly stops none. */
export async function runLanes(
  lanes: readonly (readonly string[])[],
  print: (text: string) => void,
): Promise<Ended[]> {
  const queue = new Queue(print);
  return (await Promise.all(lanes.map((scripts) => runLane(scripts, queue)))).flat();
}

async function runLane(scripts: readonly string[], queue: Queue): Promise<Ended[]> {
  const ends: Ended[] = [];
  for (const script of scripts) {
    const { write, end } = queue.join();
    write(`\n━━ npm run ${script}\n`);
    ends.push(await runScript(script, write));
    end();
  }
  return ends;
}

function runScript(script: string, show: (text: string) => void): Promise<Ended> {
  return new Promise((resolve, reject) => {
    const from = performance.now();
    const [name = '', ...args] = script.split(' ');
    const child = spawn('npm', ['run', '--silent', name, '--', ...args], {
      cwd: ROOT,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let output = '';
    const take = (text: string): void => {
      output += text;
      show(text);
    };
    for (const stream of [child.stdout, child.stderr]) stream.setEncoding('utf8').on('data', take);
    child.on('error', reject);
    child.on('close', (exitCode) => {
      resolve({ script, exitCode, seconds: Math.round((performance.now() - from) / 1000), output });
    });
  });
}

/** Shows what several write at once one after the other: the first as it comes, the others once it is their turn. */
export class Queue {
  readonly #print: (text: string) => void;
  readonly #waiting: { text: string; isOver: boolean }[] = [];

  constructor(print: (text: string) => void) {
    this.#print = print;
  }

  /** The next in the queue. */
  join(): { write: (text: string) => void; end: () => void } {
    const own = { text: '', isOver: false };
    this.#waiting.push(own);
    return {
      write: (text) => {
        own.text += text;
        this.#show();
      },
      end: () => {
        own.isOver = true;
        this.#show();
      },
    };
  }

  #show(): void {
    for (let first = this.#waiting[0]; first !== undefined; first = this.#waiting[0]) {
      this.#print(first.text);
      first.text = '';
      if (!first.isOver) return;
      this.#waiting.shift();
    }
  }
}

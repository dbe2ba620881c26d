import { describe, expect, it } from '@jest/globals';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Cancelled } from '../../src/runtime/cancellation.ts';
import { execute, type Command } from '../../src/runtime/exec.ts';

const never = new AbortController().signal;

/** A Node program as a command. */
function program(source: string, more: Partial<Command> = {}): Command {
  return {
    tool: process.execPath,
    args: ['-e', source, ...(more.args ?? [])],
    env: more.env ?? {},
    cwd: tmpdir(),
    deadlineSeconds: more.deadlineSeconds ?? 30,
    ...(more.input === undefined ? {} : { input: more.input }),
    ...(more.onLine === undefined ? {} : { onLine: more.onLine }),
  };
}

describe('a program', () => {
  it('gets its arguments as they are, its environment alone, and its input', async () => {
    const hostile = ['$(touch /tmp/x)', 'a b', '"quoted"', '', '`id`', '--', "it's"];
    const source = `
      let input = '';
      process.stdin.on('data', (part) => (input += part)).on('end', () =>
        console.log(JSON.stringify([process.argv.slice(1), process.env.ONLY, process.env.HOME ?? 'none', input])));`;
    const { exitCode, stdout } = await execute(
      program(source, { args: ['--', ...hostile], env: { ONLY: 'this' }, input: 'secret' }),
      never,
    );
    expect([exitCode, JSON.parse(stdout)]).toEqual([0, [hostile, 'this', 'none', 'secret']]);
  });

  it('may end without reading its input', async () => {
    const input = 'x'.repeat(4 * 1024 * 1024);
    const { exitCode } = await execute(program('process.exit(3)', { input }), never);
    expect(exitCode).toBe(3);
  });

  it('tells each line of both outputs, whole, however its bytes arrive', async () => {
    const lines: string[] = [];
    const source = `
      const bytes = Buffer.from('größer\\r\\nzwei\\nohne Ende');
      let at = 0;
      const next = () => at < bytes.length && process.stderr.write(bytes.subarray(at, ++at), () => setImmediate(next));
      next();`;
    const onLine = (line: string): void => {
      lines.push(line);
    };
    const ended = await execute(program(source, { onLine }), never);
    expect(lines).toEqual(['größer', 'zwei', 'ohne Ende']);
    expect(ended).toMatchObject({ exitCode: 0, stdout: '', lastLines: lines });
  });

  it('may print megabytes as one line: its begin is kept, and how much is not', async () => {
    const lines: string[] = [];
    const onLine = (line: string): void => {
      lines.push(line);
    };
    const source = "process.stderr.write('x'.repeat(2e6) + '\\nnext\\n' + 'y'.repeat(64 * 1024) + '\\n')";
    const { lastLines } = await execute(program(source, { onLine }), never);
    // Lines of that length would fill the log of a failure.
    expect(lines.map((line) => [line.length, line.slice(-28)])).toEqual([
      [64 * 1024 + 27, '… (1934464 characters more)'.padStart(28, 'x')],
      [4, 'next'],
      [64 * 1024, 'y'.repeat(28)],
    ]);
    expect(lastLines.map(({ length }) => length)).toEqual(lines.map(({ length }) => length));
  });

  it('succeeds or fails by its exit code alone', async () => {
    expect(await execute(program('process.stderr.write("loud")'), never)).toMatchObject({ exitCode: 0 });
    expect(await execute(program('process.exitCode = 3'), never)).toMatchObject({
      exitCode: 3,
      lastLines: [],
    });
  });

  it('prints nothing of its own accord, not even a command of the workflow', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'exec-'));
    const script = join(folder, 'outer.mjs');
    const source = JSON.stringify('console.log("::error::me"); console.error("##[error]me")');
    writeFileSync(
      script,
      `import { execute } from ${JSON.stringify(new URL('../../src/runtime/exec.ts', import.meta.url).href)};
       await execute({ tool: process.execPath, args: ['-e', ${source}], env: {}, cwd: '/', deadlineSeconds: 30 },
         new AbortController().signal);`,
    );
    const outer = await execute({ ...program(''), args: ['--no-warnings', script] }, never);
    expect([outer.exitCode, outer.lastLines]).toEqual([0, []]);
  });

  it('keeps the last lines of very many', async () => {
    const source = 'for (let i = 0; i < 5000; i += 1) console.log(i)';
    const { lastLines } = await execute(program(source), never);
    expect(lastLines.at(-1)).toBe('4999');
    expect(lastLines.length).toBeLessThan(1000);
  });

  it('that does not exist is missing', async () => {
    await expect(execute({ ...program(''), tool: 'no-such-program' }, never)).rejects.toMatchObject({
      name: 'ToolMissing',
      message: 'There is no program "no-such-program" on this machine.',
    });
  });

  it('ends with the job', async () => {
    const job = new AbortController();
    const lines: string[] = [];
    const source = `
      process.on('SIGTERM', () => { console.log('asked to end'); process.exit(1); });
      console.log('started');
      setInterval(() => {}, 1000);`;
    const onLine = (line: string): void => {
      lines.push(line);
      if (line === 'started') job.abort(new Cancelled('SIGINT'));
    };
    await expect(execute(program(source, { onLine }), job.signal)).rejects.toBeInstanceOf(Cancelled);
    expect(lines).toEqual(['started', 'asked to end']);
  });

  it('is killed where it does not want to end', async () => {
    const job = new AbortController();
    const source = `
      process.on('SIGTERM', () => {});
      console.log(process.pid);
      setInterval(() => {}, 1000);`;
    let pid = 0;
    const onLine = (line: string): void => {
      pid = Number(line);
      job.abort(new Cancelled('SIGINT'));
    };
    await expect(execute(program(source, { onLine }), job.signal)).rejects.toBeInstanceOf(Cancelled);
    expect(() => process.kill(pid, 0)).toThrow('ESRCH');
  });

  it('is ended at its deadline', async () => {
    const waiting = program('setInterval(() => {}, 1000)', { deadlineSeconds: 0.2 });
    await expect(execute(waiting, never)).rejects.toMatchObject({ name: 'DeadlinePassed' });
  });

  it('does not start in a job that has ended', async () => {
    const ended = AbortSignal.abort(new Cancelled('SIGINT'));
    await expect(execute(program('console.log(1)'), ended)).rejects.toBeInstanceOf(Cancelled);
  });

  it('is ended alone: another one beside it goes on', async () => {
    const job = new AbortController();
    const other = execute(program('setTimeout(() => console.log("done"), 300)'), never);
    const ended = execute(
      program('console.log("up"); setInterval(() => {}, 1000)', {
        onLine: () => {
          job.abort(new Cancelled('SIGINT'));
        },
      }),
      job.signal,
    );
    await expect(ended).rejects.toBeInstanceOf(Cancelled);
    expect(await other).toMatchObject({ exitCode: 0, stdout: 'done\n' });
  });
});

import type { ImageBehaviour } from '../state/image-behaviour.ts';

const usualSeconds = 5;

/**
 * What a container does that was given a command of its own, such as a migration: it runs for a while and exits with 0.
 * The command may say otherwise: `sleep 20` lasts, `echo text` prints, `exit 3` ends with that code.
 */
export function behaviourOfCommand(command: readonly string[]): ImageBehaviour {
  const line = command.join(' ');
  const seconds = /\bsleep (\d+)/.exec(line)?.[1];
  const code = /\bexit (\d+)/.exec(line)?.[1];
  const printed = [...line.matchAll(/\becho ([^;&|]+)/g)].map(([, text = '']) => text.trim());
  return {
    exit: {
      afterSeconds: seconds === undefined ? usualSeconds : Number(seconds),
      code: code === undefined ? 0 : Number(code),
    },
    logs: [`Running ${line}`],
    lastWords: printed,
  };
}

import { basename } from 'node:path';
import { hasLeft } from './model/left.ts';
import { cancelledByRunner } from './runtime/cancellation.ts';

/** What the step saved; the runner shows it to the post step. */
const saved = (name: string): string => process.env[`STATE_${name}`] ?? '';

/** Where nobody reads the log any more, or its disk is full, the deployment goes on: outputs, summary and exit code tell of it. */
for (const output of [process.stdout, process.stderr]) output.on('error', () => undefined);

// The runner starts the post step by a file of its own: were it told apart by what the first half saved, one whose state
// is lost would deploy again. Mostly it has nothing to do, and ends before anything else is loaded.
if (basename(process.argv[1] ?? '') !== 'post.js') {
  const signal = cancelledByRunner();
  void import('./system.ts').then(({ runStep }) => runStep(signal));
} else if (hasLeft(saved)) {
  void import('./system.ts').then(({ runPost }) => runPost());
}

import { hasLeft } from './model/left.ts';
import { cancelledByRunner } from './runtime/cancellation.ts';

/** What the step saved; the runner shows it to the post step. */
const saved = (name: string): string => process.env[`STATE_${name}`] ?? '';

// The runner starts the same bundle again as the post step; what was saved in the first run tells them apart. Mostly the
// post step has nothing to do: it ends before anything else is loaded.
if (saved('isPost') === '') {
  const signal = cancelledByRunner();
  void import('./system.ts').then(({ runStep }) => runStep(signal));
} else if (hasLeft(saved)) {
  void import('./system.ts').then(({ runPost }) => runPost());
}

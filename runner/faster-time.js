/**
 * Loaded before the bundle (`node --import`): time passes FASTER_TIME times as fast in this process, and begins at the
 * instant FASTER_TIME_FROM, in milliseconds since the epoch.
 */
const speed = Number(process.env['FASTER_TIME']);
const from = Number(process.env['FASTER_TIME_FROM']);
const realNow = performance.now.bind(performance);
const origin = realNow();

performance.now = () => (realNow() - origin) * speed;

const now = () => from + performance.now();

globalThis.Date = class extends Date {
  constructor(...given) {
    super(...(given.length === 0 ? [now()] : given));
  }

  static now() {
    return now();
  }
};

for (const name of ['setTimeout', 'setInterval']) {
  const real = globalThis[name];
  globalThis[name] = (action, ms = 0, ...given) => real(action, ms / speed, ...given);
}

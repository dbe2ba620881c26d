/**
 * Loaded ahead of a program whose use is measured. Writes what it used to file descriptor 3 as it ends; with BENCH_LOADED set
 * also how many bytes of code it had loaded when it sent its first request, which makes it slower.
 */
const { subscribe } = require('node:diagnostics_channel');
const { writeSync } = require('node:fs');

let loaded = 0;
let atFirstRequest;

if (process.env.BENCH_LOADED !== undefined) {
  require('node:module').registerHooks({
    load: (url, context, next) => {
      const module = next(url, context);
      if (url.startsWith('file:') && module.source) loaded += Buffer.byteLength(module.source);
      return module;
    },
  });
  subscribe('http.client.request.created', () => {
    atFirstRequest ??= loaded;
  });
}

process.on('exit', () => {
  const { userCPUTime, systemCPUTime, maxRSS } = process.resourceUsage();
  writeSync(
    3,
    JSON.stringify({
      cpuMs: (userCPUTime + systemCPUTime) / 1000,
      rssMb: maxRSS / 1024,
      ...(process.env.BENCH_LOADED === undefined ? {} : { loadedBytes: atFirstRequest ?? loaded }),
    }),
  );
});

/** In place of undici in tests, each file of which would load all of it; nothing of it is called, as in the bundle. */
exports.ProxyAgent = class {};
exports.fetch = () => Promise.reject(new Error('undici is not in use.'));

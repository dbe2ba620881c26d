/** An error of this or of any other realm: Node's own network errors come from outside where tests run in one. */
export function isError(value: unknown): value is Error {
  return value instanceof Error || Object.prototype.toString.call(value) === '[object Error]';
}

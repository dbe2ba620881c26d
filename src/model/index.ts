/**
 * The types that cross rooms: what was asked (`Request`), what was seen (`ServiceSnapshot`), and what came of it
 * (`ServiceOutcome`). No behaviour lives here.
 */
export * from './advice.ts';
export * from './cause-guide.ts';
export * from './outcome.ts';
export * from './request.ts';
export * from './service.ts';
export * from './task-definition.ts';

/**
 * The types that cross rooms: what was asked (`Request`), what was seen (`ServiceSnapshot`), and what came of it
 * (`ServiceOutcome`). No behaviour lives here.
 */
export * from './model/cause-guide.ts';
export * from './model/cost.ts';
export * from './model/outcome.ts';
export * from './model/request.ts';
export * from './model/service.ts';
export * from './model/task-definition.ts';

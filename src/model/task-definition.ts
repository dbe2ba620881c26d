/** Task definitions as they go over the wire, and what this run makes of them. */

// eslint-disable-next-line house/unions-by-kind -- JSON itself
export type Json = null | boolean | number | string | readonly Json[] | JsonObject;

export interface JsonObject {
  readonly [field: string]: Json | undefined;
}

/**
 * A container definition as it goes over the wire. Only the fields that this project reads are named; all others
 * travel with it untouched, known to the SDK's model or not.
 */
export interface ContainerDefinition extends JsonObject {
  readonly name: string;
  readonly image: string;
}

/** What RegisterTaskDefinition takes, as it goes over the wire: no read-only fields; tags included. */
export interface TaskDefinition extends JsonObject {
  readonly family: string;
  readonly containerDefinitions: readonly ContainerDefinition[];
}

/** One difference between two task definitions, ready to be shown: environment values are already hidden. */
export interface DefinitionChange {
  /** Such as `containerDefinitions[web].environment[LOG_LEVEL]`. */
  readonly path: string;
  readonly kind: 'added' | 'removed' | 'changed';
  readonly before?: string;
  readonly after?: string;
}

/** The revision of this run. */
export interface RegisteredDefinition {
  readonly arn: string;
  /** For people: where its base came from. */
  readonly origin: string;
  /** This run registered it; otherwise it was there already. */
  readonly registered: boolean;
  /** It did not end up deployed, and was deregistered again. */
  readonly deregistered: boolean;
  /** Against what the (first) service ran. */
  readonly changes: readonly DefinitionChange[];
  /** Paths in which the base differs from what ran, and which this run did not ask to change. */
  readonly unasked?: readonly string[];
}

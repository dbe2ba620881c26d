import { AwsError } from './errors.ts';

export type Json = null | boolean | number | string | Json[] | JsonObject;
export interface JsonObject {
  [field: string]: Json | undefined;
}

export function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/**
 * Readers of one request field. An absent or null field is `undefined`; another type than the expected one is AWS's
 * SerializationException.
 */
export function text(input: JsonObject, field: string): string | undefined {
  const value = given(input, field);
  if (value === undefined || typeof value === 'string') return value;
  throw wrongType(field, 'String');
}

export function number(input: JsonObject, field: string): number | undefined {
  const value = given(input, field);
  if (value === undefined || typeof value === 'number') return value;
  throw wrongType(field, 'Number');
}

export function flag(input: JsonObject, field: string): boolean | undefined {
  const value = given(input, field);
  if (value === undefined || typeof value === 'boolean') return value;
  throw wrongType(field, 'Boolean');
}

export function object(input: JsonObject, field: string): JsonObject | undefined {
  const value = given(input, field);
  if (value === undefined || isObject(value)) return value;
  throw wrongType(field, 'Map');
}

/** The items of a list; none where the field is absent. */
export function list(input: JsonObject, field: string): Json[] {
  const value = given(input, field);
  if (value === undefined) return [];
  if (Array.isArray(value)) return value;
  throw wrongType(field, 'List');
}

export function texts(input: JsonObject, field: string): string[] {
  return list(input, field).map((value) => {
    if (typeof value !== 'string') throw wrongType(field, 'String');
    return value;
  });
}

export function objects(input: JsonObject, field: string): JsonObject[] {
  return list(input, field).map((value) => {
    if (!isObject(value)) throw wrongType(field, 'Map');
    return value;
  });
}

export function requiredText(input: JsonObject, field: string): string {
  const value = text(input, field);
  if (value === undefined) throw new AwsError('InvalidParameterException', `${field} can not be blank.`);
  return value;
}

/** Milliseconds as the epoch seconds that awsJson carries; absent stays absent. */
export function epochSeconds(milliseconds: number | undefined): number | undefined {
  return milliseconds === undefined ? undefined : Math.round(milliseconds) / 1000;
}

function given(input: JsonObject, field: string): Exclude<Json, null> | undefined {
  return input[field] ?? undefined;
}

function wrongType(field: string, type: string): AwsError {
  return new AwsError('SerializationException', `${field}: the value can not be converted to a ${type}.`);
}

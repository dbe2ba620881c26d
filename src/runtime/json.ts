import type { Json, JsonObject } from '../model/index.ts';

export function isObject(value: Json | undefined): value is JsonObject {
  return typeof value === 'object' && value !== null && !isArray(value);
}

export function isArray(value: Json | undefined): value is readonly Json[] {
  return Array.isArray(value);
}

/** The object that a JSON text is; an empty one where it is anything else. */
export function parsedObject(text: string | undefined): JsonObject {
  try {
    const value = JSON.parse(text ?? '') as Json;
    return isObject(value) ? value : {};
  } catch {
    return {};
  }
}

/** A field that holds a text; undefined where it holds anything else or nothing. */
export function textIn(object: JsonObject, field: string): string | undefined {
  const value = object[field];
  return typeof value === 'string' ? value : undefined;
}

/** The objects of a list; none where the field holds anything else or nothing. */
export function objectsIn(object: JsonObject, field: string): readonly JsonObject[] {
  const value = object[field];
  return isArray(value) ? value.filter(isObject) : [];
}

/** A field that holds an object; an empty one where it holds anything else or nothing. */
export function objectIn(object: JsonObject, field: string): JsonObject {
  const value = object[field];
  return isObject(value) ? value : {};
}

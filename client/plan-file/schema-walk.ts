import type { z } from 'zod';
import { keyedUnion } from '../../runbook/plan/index.ts';
import type { PlanPath } from '../../runbook/plan/index.ts';

type Schema = z.core.$ZodType;
/** The inner shape of zod's schemas, as far as it is walked. */
interface Definition {
  type: string;
  innerType?: Schema;
  in?: Schema;
  element?: Schema;
  keyType?: Schema;
  valueType?: Schema;
  options?: Schema[];
  /** Of one that is made when it is needed. */
  getter?: () => Schema;
  shape?: Record<string, Schema>;
  /** Of a union in which the value of one key says which object is meant. */
  discriminator?: string;
  /** Of a literal. */
  values?: unknown[];
}

const definition = (schema: Schema): Definition => schema._zod.def;
const isMapping = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** The schema under optional, default and transform. Its description, if the outer ones have none, is what it is about. */
export function unwrap(schema: Schema): Schema {
  const { innerType, in: from, type, getter } = definition(schema);
  if (innerType !== undefined) return unwrap(innerType);
  if (type === 'pipe' && from !== undefined) return unwrap(from);
  if (getter !== undefined) return unwrap(getter());
  return schema;
}

/** What a value is about, in the schema's words. */
export function describe(schema: Schema | undefined): string | undefined {
  for (let current = schema; current !== undefined;) {
    const said = (current as { description?: string }).description;
    if (said !== undefined) return said;
    const { innerType, in: from, type, getter } = definition(current);
    current = innerType ?? (type === 'pipe' ? from : getter?.());
  }
  return undefined;
}

/** What the keys of a mapping look like, in the schema's words. */
export function describeKeys(schema: Schema | undefined): string | undefined {
  return schema && describe(definition(unwrap(schema)).keyType);
}

/** Index of the option of a union that a value is meant to be; undefined when it cannot be told. */
export function chooseOption(union: Schema, value: unknown): number | undefined {
  const keyed = keyedUnion(union);
  if (keyed) {
    if (!isMapping(value)) return undefined;
    const index = keyed.keys.findIndex((key) => Object.hasOwn(value, key));
    return index === -1 ? undefined : index;
  }
  const { key, values } = discriminatorOf(union) ?? {};
  if (key !== undefined && values !== undefined) {
    const index = isMapping(value) ? values.indexOf(value[key]) : -1;
    return index === -1 ? undefined : index;
  }
  const kind = Array.isArray(value) ? 'array' : isMapping(value) ? 'object' : typeof value;
  const index = (definition(union).options ?? []).findIndex((option) => definition(unwrap(option)).type === kind);
  return index === -1 ? undefined : index;
}

/** The key whose value says which option of a union is meant, and that value for each option. */
export function discriminatorOf(schema: Schema | undefined): { key: string; values: unknown[] } | undefined {
  const { discriminator: key, options = [] } = schema === undefined ? {} : definition(unwrap(schema));
  if (key === undefined) return undefined;
  const literal = (option: Schema) => definition(unwrap(option)).shape?.[key];
  return { key, values: options.map((option) => definition(literal(option) ?? option).values?.[0]) };
}

/** The schema of a place in a value; undefined where the value has left the schema. */
export function schemaAt(root: Schema, path: PlanPath, value: unknown): Schema | undefined {
  let schema: Schema | undefined = root;
  let current = value;
  for (const key of path) {
    if (schema === undefined) return undefined;
    schema = childOf(schema, key, current);
    current = (current as Record<string | number, unknown> | undefined)?.[key];
  }
  return schema;
}

function childOf(schema: Schema, key: string | number, value: unknown): Schema | undefined {
  const inner = unwrap(schema);
  const { type, shape, element, valueType, options } = definition(inner);
  if (type === 'object') return shape !== undefined && Object.hasOwn(shape, key) ? shape[key] : undefined;
  if (type === 'array') return element;
  if (type === 'record') return valueType;
  if (type === 'union') {
    // What every option has is known also while nobody knows which one is meant.
    const option = options?.[chooseOption(inner, value) ?? (discriminatorOf(inner)?.key === key ? 0 : -1)];
    return option && childOf(option, key, value);
  }
  return undefined;
}

/** The keys that a mapping may have at a place. */
export function knownKeys(schema: Schema | undefined, value: unknown): string[] {
  if (schema === undefined) return [];
  const inner = unwrap(schema);
  const { type, shape, options } = definition(inner);
  if (type === 'object') return Object.keys(shape ?? {});
  if (type === 'union') return knownKeys(options?.[chooseOption(inner, value) ?? -1], value);
  return [];
}

export { keyedUnion };

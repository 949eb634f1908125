import { masked } from './known-secrets.ts';

const deepest = 8;

/**
 * Masks an error where it stands, so that a log, a journal or a failure that holds it shows no secret. Its class and name stay.
 */
export function maskError(error: unknown, depth = 0): void {
  if (!(error instanceof Error) || depth > deepest) return;
  for (const name of ['message', 'stack', ...Object.keys(error)]) {
    const value: unknown = Reflect.get(error, name);
    if (name === 'name' || name === 'code') continue;
    const clean = cleaned(value);
    if (clean !== value)
      Object.defineProperty(error, name, {
        value: clean,
        writable: true,
        configurable: true,
        enumerable: name !== 'message' && name !== 'stack',
      });
  }
  maskError(error.cause, depth + 1);
  if (error instanceof AggregateError) for (const each of error.errors) maskError(each, depth + 1);
}

/** The value itself where nothing in it is secret. */
function cleaned(value: unknown): unknown {
  if (typeof value === 'string') return masked(value);
  if (value === null || typeof value !== 'object' || value instanceof Error) return value;
  if (Array.isArray(value)) {
    const all = value.map(cleaned);
    return all.some((each, index) => each !== value[index]) ? all : value;
  }
  if (Object.getPrototypeOf(value) !== Object.prototype) return value;
  const entries = Object.entries(value).map(([name, each]) => [name, cleaned(each)] as const);
  return entries.some(([name, each]) => each !== Reflect.get(value, name)) ? Object.fromEntries(entries) : value;
}

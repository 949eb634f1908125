import type { Masker } from './masker.ts';

/** What is executed or looked up later, and is made of names: to mask in it would change what is done. */
const neverMasked = new Set([
  'operation',
  'operations',
  'undo',
  'plan',
  'input',
  'effects',
  'manifest',
  'id',
  'key',
  'kind',
  'type',
  'run',
  'target',
  'phase',
  'digest',
]);
/** Words for people, also where it is only one. */
const told = new Set([
  'summary',
  'message',
  'hint',
  'detail',
  'reason',
  'said',
  'log',
  'doing',
  'note',
  'notes',
  'comment',
]);

/**
 * Masks what people read in a record or an answer: sentences, and what is called like one. Names of volumes, images and files stay as they are,
 * since a later operation looks them up.
 */
export function maskProse<T>(value: T, mask: Masker): T {
  return walk(value, mask, false) as T;
}

function walk(value: unknown, mask: Masker, all: boolean): unknown {
  if (typeof value === 'string') return all || /\s|:\/\//.test(value) ? mask(value) : value;
  if (Array.isArray(value)) return value.map((each) => walk(each, mask, all));
  if (value === null || typeof value !== 'object' || Object.getPrototypeOf(value) !== Object.prototype) return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, each]) => [
      name,
      neverMasked.has(name) ? each : walk(each, mask, all || told.has(name)),
    ]),
  );
}

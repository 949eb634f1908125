import { findPlainSecret, isSecretKey, type PlanPath } from '../../runbook/plan/index.ts';

export function sizeUnit(origin: string): string {
  return origin === 'string' ? ' characters' : origin === 'array' ? ' entries' : '';
}

export function wanted(expected: string): string {
  const words: Record<string, string> = {
    string: 'text',
    number: 'a number',
    int: 'a whole number',
    boolean: 'true or false',
    array: 'a list',
    object: 'a mapping',
    record: 'a mapping',
  };
  return words[expected] ?? expected;
}

export function found(value: unknown): string {
  if (value === null) return 'empty';
  if (Array.isArray(value)) return 'a list';
  if (typeof value === 'object') return 'a mapping';
  if (typeof value === 'number') return Number.isInteger(value) ? 'a number' : 'a number with a fraction';
  return typeof value === 'boolean' ? 'true or false' : 'text';
}

export function typeHint(expected: string, value: unknown): string | undefined {
  if (expected === 'boolean' && typeof value === 'string') return 'Write true or false, without quotes.';
  if ((expected === 'int' || expected === 'number') && typeof value === 'string') {
    return /^\d+(\.\d+)?$/.test(value) ? 'Write the number without quotes.' : undefined;
  }
  if (expected === 'array') return 'Begin each entry with a dash, or write [ … ].';
  return undefined;
}

/** `phases[0].title` as people say it: the last key, with its list position if it has one. */
export function nameOf(path: PlanPath): string {
  if (path.length === 0) return 'the plan';
  const last = path.at(-1);
  if (typeof last === 'string') return `\`${shown(last)}\``;
  const keys = path.slice(0, -1);
  const list = keys.reverse().find((part) => typeof part === 'string');
  return `entry ${Number(last) + 1} of \`${list ?? ''}\``;
}

export function shown(text: string): string {
  const flat = text.replace(/[\u0000-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]/g, '·');
  return flat.length > 60 ? `${flat.slice(0, 59)}…` : flat;
}

/** A value in a message; never one that could be a secret. */
export function quote(value: unknown, path: PlanPath): string {
  const text = typeof value === 'string' || typeof value === 'number' ? String(value) : found(value);
  const key = [...path].reverse().find((part) => typeof part === 'string') ?? '';
  if (isSecretKey(key) || findPlainSecret(text) !== undefined) return '(not shown)';
  return `\`${shown(text)}\``;
}

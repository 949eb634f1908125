import type { z } from 'zod';
import { didYouMean, nearest } from '../../runbook/plan/did-you-mean.ts';
import { type Finding, type PlanPath } from '../../runbook/plan/index.ts';
import { found, nameOf, quote, shown, sizeUnit, typeHint, wanted } from './in-words.ts';
import {
  chooseOption,
  describe,
  describeKeys,
  discriminatorOf,
  keyedUnion,
  knownKeys,
  schemaAt,
  unwrap,
} from './schema-walk.ts';

type Issue = z.core.$ZodIssue;

/** A mistake that the schema found, at the one place that is meant. */
export interface SchemaFinding extends Finding {
  code: Issue['code'];
  /** Keys that nobody knows, when that is the mistake. */
  keys?: string[];
}

/** Turns what zod found into findings, in words; a union's are those of the option that was meant. */
export function explainSchema(schema: z.core.$ZodType, issues: readonly Issue[], root: unknown): SchemaFinding[] {
  const findings = issues.flatMap((issue) => explain(schema, issue, issue.path as PlanPath, root));
  // A misspelt key is one mistake, not also a missing one.
  const meant = new Set(
    findings.flatMap(({ path, hint, code }) =>
      code === 'unrecognized_keys'
        ? [`${path.slice(0, -1).join('\n')}\n${/`(.+)`\?$/.exec(hint ?? '')?.[1] ?? ''}`]
        : [],
    ),
  );
  return findings.filter(
    ({ path, message }) =>
      !(message.endsWith(' is missing') && meant.has(`${path.slice(0, -1).join('\n')}\n${String(path.at(-1))}`)),
  );
}

function explain(schema: z.core.$ZodType, issue: Issue, path: PlanPath, root: unknown): SchemaFinding[] {
  const value = valueAt(root, path);
  const here = schemaAt(schema, path, root);
  const about = describe(here);
  const name = nameOf(path);
  const finding = (message: string, hint: string | undefined, at: 'key' | 'value' = 'value'): SchemaFinding[] => [
    { path, code: issue.code, severity: 'error', message, ...(hint === undefined ? {} : { hint }), at },
  ];
  switch (issue.code) {
    case 'unrecognized_keys': {
      const known = knownKeys(here, value).filter((key) => !Object.hasOwn(Object(value) as object, key));
      return issue.keys.map((key) => ({
        path: [...path, key],
        code: issue.code,
        severity: 'error',
        message: `unknown key \`${shown(key)}\`${path.length === 0 ? '' : ` in ${name}`}`,
        hint: didYouMean(key, known.length > 0 ? known : knownKeys(here, value), 'keys here'),
        at: 'key',
      }));
    }
    case 'invalid_union': {
      const told = discriminatorOf(schemaAt(schema, path.slice(0, -1), root));
      if (told !== undefined && told.key === path.at(-1)) {
        const values = told.values.map(String);
        if (value === undefined) return finding(`${name} is missing`, oneOf(values, value));
        return finding(`${name} cannot be ${quote(value, path)}`, oneOf(values, value));
      }
      const union = here && unwrap(here);
      const option = union && chooseOption(union, value);
      const several = union === undefined ? [] : keysPresent(union, value);
      if (several.length > 1) {
        const list = several.map((key) => `\`${key}\``).join(' and ');
        return finding(
          `${name} has ${list}, which each say something else`,
          'Make an entry of its own for each.',
          'key',
        );
      }
      if (union !== undefined && option !== undefined) {
        const inner = issue.errors[option] ?? [];
        return inner.flatMap((each) => explain(schema, each, [...path, ...(each.path as PlanPath)], root));
      }
      return finding(...noOption(union, value, name, issue));
    }
    case 'invalid_type':
      if (value === undefined) return finding(`${name} is missing`, about);
      if (value === null) return finding(`${name} is empty`, about ?? 'Give it a value, or remove it.');
      return finding(
        `${name} must be ${wanted(issue.expected)}, but is ${found(value)}`,
        typeHint(issue.expected, value) ??
          about ??
          (path.length === 0 ? 'A plan begins with `switchback: 1`.' : undefined),
      );
    case 'invalid_value':
      if (value === undefined) return finding(`${name} is missing`, about);
      return finding(`${name} cannot be ${quote(value, path)}`, oneOf(issue.values.map(String), value));
    case 'invalid_format':
      return finding(`${name} ${issue.message}: ${quote(value, path)}`, about);
    case 'too_small':
      return finding(smallMessage(name, issue, value), about);
    case 'too_big':
      return finding(`${name} must be at most ${issue.maximum}${sizeUnit(issue.origin)}`, about);
    case 'invalid_key':
    case 'invalid_element':
      return issue.issues.map((each) => ({
        path,
        code: issue.code,
        severity: 'error',
        message: `${name} ${each.message}`,
        hint: describeKeys(schemaAt(schema, path.slice(0, -1), root)) ?? 'Give it another name.',
        at: 'key',
      }));
    default: {
      const scalar = typeof value === 'object' || value === undefined ? '' : `: ${quote(value, path)}`;
      const said: unknown = issue.code === 'custom' ? issue.params?.['hint'] : undefined;
      return finding(
        `${name} ${issue.message}${scalar}`,
        typeof said === 'string' ? said : about,
        typeof value === 'object' ? 'key' : 'value',
      );
    }
  }
}

function oneOf(values: readonly string[], value: unknown): string {
  const near = typeof value === 'string' ? nearest(value, values) : undefined;
  if (near !== undefined) return `Did you mean \`${near}\`?`;
  const list = values.map((each) => `\`${each}\``).join(', ');
  return values.length === 1 ? `It can only be ${list}.` : `It can be ${list}.`;
}

function keysPresent(union: z.core.$ZodType, value: unknown): string[] {
  const keys = keyedUnion(union)?.keys ?? [];
  return typeof value === 'object' && value !== null ? keys.filter((key) => Object.hasOwn(value, key)) : [];
}

function noOption(
  union: z.core.$ZodType | undefined,
  value: unknown,
  name: string,
  issue: z.core.$ZodIssueInvalidUnion,
): [string, string | undefined] {
  const keyed = union && keyedUnion(union);
  if (value === undefined) return [`${name} is missing`, describe(union)];
  if (value === null) return [`${name} is empty`, describe(union) ?? 'Give it a value, or remove it.'];
  if (keyed === undefined) {
    const types = issue.errors.flatMap((each) =>
      each.flatMap((inner) =>
        inner.code === 'invalid_type' && inner.path.length === 0 ? [wanted(inner.expected)] : [],
      ),
    );
    return [`${name} must be ${[...new Set(types)].join(' or ')}, but is ${found(value)}`, describe(union)];
  }
  const list = keyed.keys.map((key) => `\`${key}\``).join(', ');
  if (typeof value !== 'object' || Array.isArray(value)) {
    return [
      `${name} must be ${keyed.what}: a mapping with one of ${list}, but is ${found(value)}`,
      'Begin it with one of these keys and a colon.',
    ];
  }
  const near = Object.keys(value)
    .map((key) => nearest(key, keyed.keys))
    .find((key) => key !== undefined);
  return [
    `${name} is not ${keyed.what}: it has none of ${list}`,
    near === undefined ? 'The key says what it is.' : `Did you mean \`${near}\`?`,
  ];
}

function smallMessage(name: string, issue: z.core.$ZodIssueTooSmall, value: unknown): string {
  if (value === '' || (Array.isArray(value) && value.length === 0)) return `${name} is empty`;
  const bound = issue.inclusive === false ? 'more than' : 'at least';
  return `${name} must be ${bound} ${issue.minimum}${sizeUnit(issue.origin)}, but is ${String(value)}`;
}

export function valueAt(root: unknown, path: PlanPath): unknown {
  return path.reduce<unknown>(
    (value, key) =>
      value !== null && typeof value === 'object' && Object.hasOwn(value, key)
        ? (value as Record<string | number, unknown>)[key]
        : undefined,
    root,
  );
}

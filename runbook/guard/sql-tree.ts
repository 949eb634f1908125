import type { SqlName } from './sql-facts.ts';

/** Fields of a node in a parse tree. A node inside a field is an object with one key, its kind, or bare where its kind is certain. */
export type SqlFields = Readonly<Record<string, unknown>>;

export interface SqlNode {
  kind: string;
  fields: SqlFields;
}

const nothing: SqlFields = {};

export function fieldsOf(value: unknown): SqlFields {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as SqlFields) : nothing;
}

/** A node with its kind: `{ RangeVar: { … } }`. */
export function nodeOf(value: unknown): SqlNode {
  const [entry] = Object.entries(fieldsOf(value));
  return entry === undefined ? { kind: '', fields: nothing } : { kind: entry[0], fields: fieldsOf(entry[1]) };
}

/** The members of a list, whatever they are. */
export function itemsOf(value: unknown): unknown[] {
  return Array.isArray(value) ? (value as unknown[]) : [];
}

export function nodesOf(value: unknown): SqlNode[] {
  return Array.isArray(value) ? value.map(nodeOf) : [];
}

export function textOf(value: unknown): string {
  return typeof value === 'string' ? value : '';
}

/** The text of a `String` node, or of a constant that is a string. */
export function stringOf(value: unknown): string | undefined {
  const { kind, fields } = nodeOf(value);
  if (kind === 'String') return textOf(fields['sval']);
  if (kind === 'TypeCast') return stringOf(fields['arg']);
  const constant = kind === 'A_Const' ? fieldsOf(fields['sval']) : nothing;
  return typeof constant['sval'] === 'string'
    ? constant['sval']
    : kind === 'A_Const' && 'sval' in fields
      ? ''
      : undefined;
}

/** A name in parts: `[public, orders]`. */
export function nameOf(parts: unknown): SqlName | undefined {
  const names = nodesOf(parts).flatMap(({ kind, fields }) => (kind === 'String' ? [textOf(fields['sval'])] : []));
  const name = names.at(-1);
  if (name === undefined) return undefined;
  const schema = names.at(-2);
  return schema === undefined ? { name } : { schema, name };
}

/** The name in a `RangeVar`, with or without its kind around it. */
export function tableOf(value: unknown): SqlName | undefined {
  const bare = fieldsOf(value);
  const range = 'RangeVar' in bare ? fieldsOf(bare['RangeVar']) : bare;
  const name = textOf(range['relname']);
  if (name === '') return undefined;
  const schema = textOf(range['schemaname']);
  return schema === '' ? { name } : { schema, name };
}

/** A name that is given as a list, a type or an object with arguments. */
export function anyNameOf(value: unknown): SqlName | undefined {
  const { kind, fields } = nodeOf(value);
  if (kind === 'List') return nameOf(fields['items']) ?? castOf(nodesOf(fields['items']));
  if (kind === 'TypeName') return nameOf(fields['names']);
  if (kind === 'ObjectWithArgs') return nameOf(fields['objname']);
  if (kind === 'RangeVar') return tableOf(value);
  // The number of a large object.
  if (kind === 'Integer' || kind === 'Float')
    return { name: typeof fields['ival'] === 'number' ? String(fields['ival']) : textOf(fields['fval']) };
  const text = stringOf(value);
  return text === undefined ? undefined : { name: text };
}

/** `text as pay`. */
function castOf(types: SqlNode[]): SqlName | undefined {
  const names = types.flatMap(({ kind, fields }) => (kind === 'TypeName' ? (nameOf(fields['names'])?.name ?? []) : []));
  return names.length === 2 ? { name: names.join(' as ') } : undefined;
}

/** Options of a statement, `WITH (a = b)`: by name, each with its argument. */
export function optionsOf(value: unknown): Map<string, unknown> {
  return new Map(nodesOf(value).map(({ fields }) => [textOf(fields['defname']), fields['arg']]));
}

/** Visits every node that has its kind around it. Deep trees are walked without recursion: a text decides how deep they are. */
export function visitNodes(root: unknown, visit: (kind: string, fields: SqlFields) => void): void {
  const waiting: unknown[] = [root];
  while (waiting.length > 0) {
    const value = waiting.pop();
    if (Array.isArray(value)) {
      for (let at = value.length - 1; at >= 0; at--) waiting.push(value[at]);
      continue;
    }
    const entries = Object.entries(fieldsOf(value)).reverse();
    for (const [key, inner] of entries) {
      if (typeof inner !== 'object' || inner === null) continue;
      if (/^[A-Z]/.test(key)) visit(key, fieldsOf(inner));
      waiting.push(inner);
    }
  }
}

import type { ColumnForm, CompareColumn, ComparePlan } from '../../comparison/compare-source.ts';
import { quoteName } from './quote.ts';
import { isHashable, plainType } from './row-hash.ts';

const families: Record<string, CompareColumn['family']> = {
  smallint: 'integer',
  integer: 'integer',
  bigint: 'integer',
  numeric: 'number',
  real: 'float4',
  'double precision': 'float8',
  date: 'instant',
  'timestamp without time zone': 'instant',
  'timestamp with time zone': 'instant',
  json: 'json',
  jsonb: 'json',
  uuid: 'uuid',
  text: 'text',
  'character varying': 'text',
  character: 'text',
  name: 'text',
};

/** A column of a query's result, by the name of its type as `format_type` writes it. */
export const compareColumn = (name: string, type: string): CompareColumn => ({
  name,
  type: plainType(type),
  family: families[plainType(type)] ?? 'other',
});

/** A column of the rows `q`, brought into a form: still with a type of its own. */
function formed(name: string, form: ColumnForm, type: string): string {
  const column = `q.${quoteName(name)}`;
  switch (form) {
    case 'native':
      return isHashable(type) ? column : `${column}::text`;
    case 'number':
      return `trim_scale(${column}::numeric)`;
    case 'float4':
    case 'float8':
      return `${column}::${form}`;
    case 'instant':
      // The session's time zone is UTC: a value without a zone is taken as that.
      return `${column}::timestamptz`;
    case 'json':
      return `${column}::jsonb`;
    case 'text':
      return `${column}::text`;
  }
}

/** SQL for one side of a comparison. All speak of rows `q`. */
export interface CompareSql {
  /** Text of each key column. */
  key: string[];
  /** What the rows are ordered by, like the key. */
  order: string[];
  /** Hash of a row, as bigint. */
  digest: string;
  /** Hash of the key, as bigint. */
  keyDigest: string;
  /** Text of each compared column, in the agreed form. */
  values: string[];
  /** The key's only column, where it is an integer. */
  integerKey: string;
}

/** Turns what both sides agreed on into this side's SQL. `utf8`: whether the server stores text as UTF-8. */
export function compareSql(plan: ComparePlan, columns: readonly CompareColumn[], utf8: boolean): CompareSql {
  const typeOf = (name: string) => columns.find((column) => column.name === name)?.type ?? 'text';
  const columnSql = (column: { name: string; form: ColumnForm }) =>
    formed(column.name, column.form, typeOf(column.name));
  // 1.5 and 1.50 are equal, and hashed equally; as text they have to be made so.
  const textSql = (column: { name: string; form: ColumnForm }) =>
    typeOf(column.name) === 'numeric' && column.form === 'native'
      ? `trim_scale(q.${quoteName(column.name)})::text`
      : `(${columnSql(column)})::text`;
  const keyText = plan.key.map(textSql);
  return {
    key: keyText,
    order: plan.key.map((column, index) => orderOf(column, keyText[index] ?? '', utf8)),
    digest: hashOf(plan.columns.map(plan.hash.startsWith('record ') ? columnSql : textSql), plan.hash),
    keyDigest: hashOf(plan.hash.startsWith('record ') ? plan.key.map(columnSql) : keyText, plan.hash),
    values: plan.columns.map(textSql),
    integerKey: `q.${quoteName(plan.key[0]?.name ?? '')}::bigint`,
  };
}

function orderOf(column: ComparePlan['key'][number], text: string, utf8: boolean): string {
  if (column.order !== 'text') return `q.${quoteName(column.name)}`;
  return utf8 ? `${text} collate "C"` : `convert_to(${text}, 'UTF8')`;
}

/** Ways to hash that a server knows, the fastest first. Hashes of text depend on the server's encoding. */
export function waysToHash(serverVersion: number, encoding: string): string[] {
  const portable = 'md5 of utf-8';
  return [...(serverVersion >= 140_000 ? [`record in ${encoding}`] : []), `text in ${encoding}`, portable];
}

function hashOf(values: string[], way: string): string {
  const row = `row(${values.join(', ')})`;
  if (way.startsWith('record ')) return `hash_record_extended(${row}, 0)`;
  if (way.startsWith('text ')) return `hashtextextended(${row}::text, 0)`;
  return `('x' || left(md5(convert_to(${row}::text, 'UTF8')), 16))::bit(64)::bigint`;
}

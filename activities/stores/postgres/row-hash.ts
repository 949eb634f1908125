import { quoteName } from './quote.ts';

/** How rows are hashed. Both sides of a comparison have to use the same way. */
export type RowHash =
  /** `hash_record_extended`, from PostgreSQL 14 on: by far the fastest. */
  | 'record'
  /** The row as text: for servers before 14. */
  | 'text';

export const rowHashFor = (serverVersion: number): RowHash => (serverVersion >= 140_000 ? 'record' : 'text');

/**
 * Types whose hash depends on nothing but the value. An enum is hashed by the oid of its label, which a restore changes; an
 * interval of a day and one of 24 hours hash the same; json and others have no hash at all. Those go through text.
 */
const hashable = new Set([
  ...[
    'boolean',
    'smallint',
    'integer',
    'bigint',
    'oid',
    'real',
    'double precision',
    'numeric',
    'text',
    'bytea',
    'date',
  ],
  ...['character varying', 'character', 'name', '"char"', 'uuid', 'inet', 'cidr', 'macaddr', 'jsonb'],
  ...['time without time zone', 'timestamp without time zone', 'timestamp with time zone'],
]);

/** A type's name as `format_type` writes it, without length and precision. */
export const plainType = (type: string) => type.replace(/\([\d,]+\)/, '');

export const isHashable = (type: string) => hashable.has(plainType(type).replace(/\[\]$/, ''));

/** An expression of type bigint that hashes a row of these columns, which belong to `alias`. */
export function rowHashExpression(
  columns: readonly { name: string; type: string }[],
  alias: string,
  how: RowHash,
): string {
  const values = columns.map(({ name, type }) => {
    const column = `${alias}.${quoteName(name)}`;
    return how === 'text' || isHashable(type) ? column : `${column}::text`;
  });
  const row = `row(${values.join(', ')})`;
  return how === 'record' ? `hash_record_extended(${row}, 0)` : `hashtextextended(${row}::text, 0)`;
}

import { SwitchbackError } from '../../runbook/errors.ts';
import type { ColumnForm, CompareColumn, ComparePlan, CompareSource } from './compare-source.ts';

/**
 * Finds the common ground of two sources: which columns are compared, in which form, and how rows are hashed. Columns are matched
 * by name; their order does not matter.
 * @throws `ValidationMismatch` when one side lacks a column, `PlanInvalid` when the key is not there or cannot be one
 */
export function agree(left: CompareSource, right: CompareSource, key: readonly string[]): ComparePlan {
  const others = new Map(right.columns.map((column) => [column.name, column]));
  const missing = left.columns.filter((column) => !others.has(column.name)).map((column) => column.name);
  const extra = right.columns
    .filter((column) => !left.columns.some((mine) => mine.name === column.name))
    .map((column) => column.name);
  if (missing.length > 0 || extra.length > 0) {
    const lacks = [
      ...missing.map((name) => `${right.label} lacks ${name}`),
      ...extra.map((name) => `${left.label} lacks ${name}`),
    ];
    throw new SwitchbackError('ValidationMismatch', `the two sides have different columns: ${lacks.join(', ')}`, {
      hint: 'Name the columns that can be compared in both queries, and give them the same names.',
    });
  }
  const pairs = left.columns.map((column) => ({
    name: column.name,
    mine: column,
    other: others.get(column.name) ?? column,
  }));
  const columns = pairs.map(({ name, mine, other }) => ({ name, form: formOf(mine, other) }));
  const hash = left.hashes.find((way) => right.hashes.includes(way));
  if (hash === undefined) {
    throw new SwitchbackError('Unsupported', `${left.label} and ${right.label} have no way of hashing rows in common`, {
      hint: 'Only stores of related kinds can be compared row by row.',
    });
  }
  return { key: key.map((name) => keyColumn(name, pairs, left, right)), columns, hash };
}

function keyColumn(
  name: string,
  pairs: { name: string; mine: CompareColumn; other: CompareColumn }[],
  left: CompareSource,
  right: CompareSource,
): ComparePlan['key'][number] {
  const pair = pairs.find((candidate) => candidate.name === name);
  if (pair === undefined) {
    throw new SwitchbackError(
      'PlanInvalid',
      `the key column ${name} is not in the rows of ${left.label} and ${right.label}`,
      {
        hint: `Columns there: ${pairs.map((candidate) => candidate.name).join(', ')}.`,
      },
    );
  }
  const { mine, other } = pair;
  if (mine.family !== other.family) {
    throw new SwitchbackError(
      'PlanInvalid',
      `the key column ${name} is ${mine.type} in ${left.label} and ${other.type} in ${right.label}`,
      {
        hint: 'Cast it to one type in the queries.',
      },
    );
  }
  const order = mine.family === 'integer' || mine.family === 'uuid' ? mine.family : 'text';
  return { name, form: formOf(mine, other), order };
}

const numbers = ['integer', 'number', 'float4', 'float8'];

function formOf(left: CompareColumn, right: CompareColumn): ColumnForm {
  if (left.type === right.type) return 'native';
  const families = [left.family, right.family];
  if (families.every((family) => numbers.includes(family))) {
    // A binary fraction is nobody's exact decimal: both sides are rounded as coarsely as the coarser one.
    if (families.includes('float4')) return 'float4';
    return families.includes('float8') ? 'float8' : 'number';
  }
  if (left.family !== right.family) return 'text';
  return left.family === 'instant' || left.family === 'json' ? left.family : 'text';
}

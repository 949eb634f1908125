import { differingColumns, type Difference } from './compare-rows.ts';
import { keyText } from './compare-source.ts';
import type { Settled, WithSides } from './settle.ts';

/** Keys of differing rows that are shown. */
const sampleSize = 20;

/** A row that differs. */
export type SampledRow = {
  kind: Difference['kind'];
  key: Record<string, string>;
  /** Columns in which it differs, where it is on both sides. */
  columns?: string[];
};

/** What one comparison found, for a receipt: counts, and of the rows that differ keys and columns, never values. */
export type Described = {
  what: string;
  equal: boolean;
  leftRows: number;
  rightRows: number;
  missing: number;
  extra: number;
  different: number;
  settled: number;
  sample: SampledRow[];
};

/** Describes what stayed different after the rows were given time to settle. */
export async function describeComparison(what: string, found: Settled, withSides: WithSides): Promise<Described> {
  const { leftRows, rightRows, settled, diverged, plan } = found;
  const shown = diverged.slice(0, sampleSize);
  const different = shown.filter((difference) => difference.kind === 'different').map((difference) => difference.key);
  const columns =
    different.length === 0
      ? new Map<string, string[]>()
      : await withSides(({ left, right }) => differingColumns(left, right, plan, different));
  // With more differences than could be followed, the counts are those of the whole comparison.
  const all = diverged.length + settled < found.missing + found.extra + found.different;
  const count = (kind: Difference['kind']) =>
    all ? found[kind] : diverged.filter((difference) => difference.kind === kind).length;
  const names = plan.key.map((column) => column.name);
  return {
    what,
    equal: diverged.length === 0,
    leftRows,
    rightRows,
    ...{ missing: count('missing'), extra: count('extra'), different: count('different') },
    settled,
    sample: shown.map(({ kind, key }) => ({
      kind,
      key: Object.fromEntries(names.map((name, index) => [name, key[index] ?? ''])),
      ...(kind === 'different' ? { columns: columns.get(keyText(key)) ?? [] } : {}),
    })),
  };
}

/** One line for people: `shop and shop_v2: 2 missing, 0 extra, 1 different of 1000, e.g. missing id=7`. */
export function summarise(found: Described): string {
  if (found.equal) return `${found.what}: equal, ${found.leftRows} rows`;
  const [first] = found.sample;
  const key = Object.entries(first?.key ?? {}).map(([name, value]) => `${name}=${value}`);
  const columns = first?.columns === undefined ? '' : ` in ${first.columns.join(', ')}`;
  const example = first === undefined ? '' : `, e.g. ${first.kind} ${key.join(' ')}${columns}`;
  return `${found.what}: ${found.missing} missing, ${found.extra} extra, ${found.different} different of ${found.leftRows} rows${example}`;
}

import { SwitchbackError } from '../../runbook/errors.ts';
import type { ComparePlan, KeyedRow } from './compare-source.ts';

/** Hears of every difference that a merge finds, in the order of the key. */
export interface MergeVisitor {
  /** In the left rows only. */
  missing(row: KeyedRow): void;
  /** In the right rows only. */
  extra(row: KeyedRow): void;
  different(left: KeyedRow, right: KeyedRow): void;
  /** Called after each batch, with the rows read so far on both sides. */
  read?(rows: number): void;
}

type Side = 'left' | 'right';

/**
 * Walks through two streams of rows in the order of their key, holding one batch of each.
 * @throws `PlanInvalid` when a key occurs twice in one stream: then it is no key, and nothing can be told by it
 */
export async function mergeRows(
  plan: ComparePlan,
  left: AsyncIterable<KeyedRow[]>,
  right: AsyncIterable<KeyedRow[]>,
  visitor: MergeVisitor,
): Promise<void> {
  let read = 0;
  const cursors = {
    left: new Cursor(left, plan, 'left', (rows) => visitor.read?.((read += rows))),
    right: new Cursor(right, plan, 'right', (rows) => visitor.read?.((read += rows))),
  };
  try {
    await Promise.all([cursors.left.advance(), cursors.right.advance()]);
    for (;;) {
      const [l, r] = [cursors.left.row, cursors.right.row];
      if (l === undefined && r === undefined) return;
      const order = l === undefined ? 1 : r === undefined ? -1 : compareKeys(plan, l.key, r.key);
      if (order < 0 && l) visitor.missing(l);
      if (order > 0 && r) visitor.extra(r);
      if (order === 0 && l && r && l.digest !== r.digest) visitor.different(l, r);
      // Only a batch that is used up makes us wait: awaiting every row would take longer than all else.
      const waits: Promise<void>[] = [];
      if (order <= 0) cursors.left.step(waits);
      if (order >= 0) cursors.right.step(waits);
      if (waits.length > 0) await Promise.all(waits);
    }
  } finally {
    await Promise.all([cursors.left.close(), cursors.right.close()]);
  }
}

class Cursor {
  row: KeyedRow | undefined;
  #batch: KeyedRow[] = [];
  #at = -1;
  readonly #rows: AsyncIterator<KeyedRow[]>;
  readonly #plan: ComparePlan;
  readonly #side: Side;
  readonly #onBatch: (rows: number) => void;

  constructor(rows: AsyncIterable<KeyedRow[]>, plan: ComparePlan, side: Side, onBatch: (rows: number) => void) {
    this.#rows = rows[Symbol.asyncIterator]();
    this.#plan = plan;
    this.#side = side;
    this.#onBatch = onBatch;
  }

  /** Goes to the next row; where that takes a new batch, puts the wait into `waits`. */
  step(waits: Promise<void>[]): void {
    const next = this.#batch[this.#at + 1];
    if (next === undefined) waits.push(this.advance());
    else {
      this.#at += 1;
      this.#take(next);
    }
  }

  async advance(): Promise<void> {
    const next = await this.#rows.next();
    this.#batch = next.done ? [] : next.value;
    this.#at = 0;
    this.#onBatch(this.#batch.length);
    const first = this.#batch[0];
    if (first === undefined) this.row = undefined;
    else this.#take(first);
  }

  async close(): Promise<void> {
    await this.#rows.return?.();
  }

  #take(next: KeyedRow): void {
    const order = this.row === undefined ? -1 : compareKeys(this.#plan, this.row.key, next.key);
    if (order >= 0) {
      const key = JSON.stringify(next.key);
      const what =
        order === 0 ? `occurs twice in the ${this.#side} rows` : `comes out of order in the ${this.#side} rows`;
      throw new SwitchbackError('PlanInvalid', `the key ${key} ${what}`, {
        hint: 'Name key columns that are unique and never null together.',
      });
    }
    this.row = next;
  }
}

/** The order that both sources deliver in. */
export function compareKeys(plan: ComparePlan, a: readonly string[], b: readonly string[]): number {
  for (const [index, { order }] of plan.key.entries()) {
    const [x, y] = [a[index] ?? '', b[index] ?? ''];
    if (x === y) continue;
    if (order === 'integer') return compareIntegers(x, y);
    // The servers order text by its bytes.
    return order === 'uuid' ? (x < y ? -1 : 1) : Buffer.compare(Buffer.from(x), Buffer.from(y));
  }
  return 0;
}

function compareIntegers(a: string, b: string): number {
  // Numbers are several times faster than bigints, and enough for most keys.
  if (a.length < 16 && b.length < 16) return Number(a) < Number(b) ? -1 : 1;
  return BigInt(a) < BigInt(b) ? -1 : 1;
}

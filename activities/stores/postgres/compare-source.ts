import { SwitchbackError } from '../../../runbook/errors.ts';
import type {
  Chunk,
  Chunking,
  CompareColumn,
  ComparePlan,
  CompareSource,
  KeyedRow,
} from '../../comparison/compare-source.ts';
import { keyText } from '../../comparison/compare-source.ts';
import { chunkFilter, chunkOf } from './chunk-filter.ts';
import { compareColumn, compareSql, waysToHash, type CompareSql } from './compare-columns.ts';
import { quoteName } from './quote.ts';
import type { Session } from './session.ts';

const batch = 5000;

export interface SourceOptions {
  /** See the very moment that another source on the same database sees: its `snapshot`. */
  snapshot?: string;
  /** Give the session back instead of closing it. */
  borrowed?: boolean;
}

/** A query's rows in one snapshot of a database. */
export class PostgresCompareSource implements CompareSource {
  readonly label: string;
  readonly columns: readonly CompareColumn[];
  readonly hashes: readonly string[];
  /** Name of the snapshot, for another source on the same database. */
  readonly snapshot: string;
  readonly #session: Session;
  readonly #from: string;
  readonly #utf8: boolean;
  readonly #borrowed: boolean;
  #cursors = 0;

  private constructor(
    label: string,
    session: Session,
    from: string,
    columns: CompareColumn[],
    about: { version: number; encoding: string; snapshot: string; borrowed: boolean },
  ) {
    this.label = label;
    this.#session = session;
    this.#from = from;
    this.columns = columns;
    this.hashes = waysToHash(about.version, about.encoding);
    this.#utf8 = about.encoding === 'UTF8';
    this.snapshot = about.snapshot;
    this.#borrowed = about.borrowed;
  }

  /**
   * Begins to read a query, in a transaction that lasts until it is closed.
   * @throws `PlanInvalid` when the query cannot be read, or names a column twice
   */
  static async open(
    label: string,
    session: Session,
    query: string,
    options: SourceOptions = {},
  ): Promise<PostgresCompareSource> {
    const { snapshot } = options;
    await session.execute('begin isolation level repeatable read read only');
    if (snapshot !== undefined) await session.execute(`set transaction snapshot '${snapshot}'`);
    const about = await session.row(
      `select current_setting('server_version_num') as version, current_setting('server_encoding') as encoding,
         ${snapshot === undefined ? 'pg_export_snapshot()' : 'null'} as snapshot`,
    );
    // The line break ends a comment at the query's end.
    const from = `from (${query.replace(/[\s;]+$/, '')}\n) q`;
    const { columns } = await session.table(`select * ${from} limit 0`);
    const names = await session.rows(
      `select format_type(type, null) as name from unnest($1::oid[]) with ordinality as t(type, place) order by place`,
      [`{${columns.map((column) => column.type).join(',')}}`],
    );
    const twice = columns.find((column, index) => columns.findIndex((other) => other.name === column.name) !== index);
    if (twice !== undefined) {
      throw new SwitchbackError('PlanInvalid', `the query of ${label} has two columns called ${twice.name}`, {
        hint: 'Give one of them another name with AS.',
      });
    }
    const found = columns.map((column, index) => compareColumn(column.name, names[index]?.['name'] ?? 'text'));
    return new PostgresCompareSource(label, session, from, found, {
      version: Number(about['version']),
      encoding: about['encoding'] ?? '',
      snapshot: snapshot ?? about['snapshot'] ?? '',
      borrowed: options.borrowed ?? false,
    });
  }

  /** Whether another session is on the same database, where the snapshot can be shared. */
  isOn(other: Session): boolean {
    const [mine, its] = [this.#session.address, other.address];
    return mine.host === its.host && mine.port === its.port && mine.database === its.database;
  }

  #sql(plan: ComparePlan): CompareSql {
    return compareSql(plan, this.columns, this.#utf8);
  }

  async ends(plan: ComparePlan): Promise<{ low: bigint; high: bigint } | undefined> {
    const { integerKey } = this.#sql(plan);
    const row = await this.#session.row(
      `select min(${integerKey})::text as low, max(${integerKey})::text as high ${this.#from}`,
    );
    if (row['low'] === null || row['low'] === undefined) return undefined;
    return { low: BigInt(row['low']), high: BigInt(row['high'] ?? '') };
  }

  async chunks(plan: ComparePlan, chunking: Chunking): Promise<Map<string, Chunk>> {
    const sql = this.#sql(plan);
    // The planner would sort to disk rather than hash a few thousand groups.
    await this.#session.execute('set local enable_sort = off');
    const rows = await this.#session.rows(
      `select (${chunkOf(sql, chunking)})::text as chunk, count(*)::text as rows, sum(${sql.digest})::text as digest ${this.#from} group by 1`,
    );
    await this.#session.execute('set local enable_sort = on');
    return new Map(
      rows.map((row) => {
        if (row['chunk'] === null || row['chunk'] === undefined) throw this.#nullKey(plan);
        return [row['chunk'], { rows: Number(row['rows']), digest: row['digest'] ?? '' }];
      }),
    );
  }

  async *rows(plan: ComparePlan, only?: { chunking: Chunking; chunks: string[] }): AsyncGenerator<KeyedRow[]> {
    const sql = this.#sql(plan);
    const where = only === undefined ? '' : `where ${chunkFilter(sql, only.chunking, only.chunks)}`;
    const select = `select ${sql.key.join(', ')}, (${sql.digest})::text ${this.#from} ${where} order by ${sql.order.join(', ')}`;
    for await (const rows of this.#batches(select)) yield rows.map((row) => this.#keyed(plan, row));
  }

  async *kinds(plan: ComparePlan): AsyncGenerator<KeyedRow[]> {
    const { digest } = this.#sql(plan);
    const select = `select h::text, n::text from (select ${digest} as h, count(*) as n ${this.#from} group by 1) k order by k.h`;
    for await (const rows of this.#batches(select))
      yield rows.map((row) => ({ key: [row[0] ?? ''], digest: row[1] ?? '' }));
  }

  async *#batches(select: string): AsyncGenerator<(string | null)[][]> {
    const name = `switchback_${(this.#cursors += 1)}`;
    await this.#session.execute(`declare ${name} no scroll cursor for ${select}`);
    for (;;) {
      const { rows } = await this.#session.table(`fetch ${batch} from ${name}`);
      if (rows.length > 0) yield rows;
      if (rows.length < batch) break;
    }
    await this.#session.execute(`close ${name}`);
  }

  async find(plan: ComparePlan, keys: readonly string[][]): Promise<KeyedRow[]> {
    const sql = this.#sql(plan);
    const rows = await this.#lookUp(plan, keys, [...sql.key, `(${sql.digest})::text`]);
    return rows.map((row) => this.#keyed(plan, row));
  }

  async values(plan: ComparePlan, keys: readonly string[][]): Promise<Map<string, (string | null)[]>> {
    const sql = this.#sql(plan);
    const rows = await this.#lookUp(plan, keys, [...sql.key, ...sql.values]);
    const width = plan.key.length;
    return new Map(rows.map((row) => [keyText(row.slice(0, width).map(String)), row.slice(width)]));
  }

  async close(): Promise<void> {
    if (this.#borrowed) await this.#session.execute('rollback');
    else await this.#session.close();
  }

  async #lookUp(plan: ComparePlan, keys: readonly string[][], select: string[]): Promise<(string | null)[][]> {
    if (keys.length === 0) return [];
    const sql = this.#sql(plan);
    const wanted = plan.key.map((_, index) => `$${index + 1}::text[]`);
    const names = plan.key.map((_, index) => `k${index}`);
    // Compared by the type where that is the form, so that an index can be used.
    const same = plan.key.map(({ name, form }, index) => {
      const type = this.columns.find((column) => column.name === name)?.type ?? 'text';
      const cast = type === 'character' ? 'bpchar' : type;
      return form === 'native'
        ? `q.${quoteName(name)} = w.${names[index]}::${cast}`
        : `${sql.key[index]} = w.${names[index]}`;
    });
    const text = `select ${select.join(', ')} ${this.#from} join unnest(${wanted.join(', ')}) as w(${names.join(', ')}) on ${same.join(' and ')}`;
    const values = plan.key.map((_, index) => keys.map((key) => key[index] ?? ''));
    return (await this.#session.table(text, values)).rows;
  }

  #keyed(plan: ComparePlan, row: (string | null)[]): KeyedRow {
    const key = row.slice(0, plan.key.length);
    if (key.includes(null)) throw this.#nullKey(plan);
    return { key: key as string[], digest: row[plan.key.length] ?? '' };
  }

  #nullKey(plan: ComparePlan): SwitchbackError {
    return new SwitchbackError(
      'PlanInvalid',
      `a row of ${this.label} has no value in the key (${plan.key.map((column) => column.name).join(', ')})`,
      {
        hint: 'Name key columns that are never null, or leave such rows out of the query.',
      },
    );
  }
}

import pg from 'pg';
import type { Address } from './address.ts';
import { newClient } from './new-client.ts';
import { postgresError } from './translate-error.ts';
import { onAbort } from '../../on-abort.ts';

export interface SessionOptions {
  /** Who is spoken to, for messages, e.g. `store orders`. */
  label: string;
  applicationName: string;
  signal: AbortSignal;
  /** Longest time for one statement, in milliseconds; the server stops it, and a little later we stop waiting. */
  statementTimeoutMs: number;
  /** Longest wait for a lock, in milliseconds. 10 s unless told. */
  lockTimeoutMs?: number;
  /** `step` leaves the user's own settings; `reading` makes values come out as the same text from every server. */
  for: 'step' | 'reading';
}

/** A row, with every value as the text that the server sent. */
export type Row = Record<string, string | null>;

/** Values arrive as text: no rounding of bigints, no dates in the worker's time zone. */
const asText = { getTypeParser: () => (value: string | Buffer) => value } as pg.CustomTypesConfig;

const readingSettings = {
  timezone: 'UTC',
  datestyle: 'ISO, YMD',
  intervalstyle: 'postgres',
  bytea_output: 'hex',
  extra_float_digits: '1',
  // A cursor is read to its end, so the plan for the whole result is the right one.
  cursor_tuple_fraction: '1',
  // Where a policy would hide rows from us, an error is the better answer.
  row_security: 'off',
};

/**
 * One connection, for one piece of work. An abort of its signal cancels the running statement on the server; a lost connection
 * fails the statement instead of the process.
 */
export class Session {
  readonly #client: pg.Client;
  readonly #options: SessionOptions;
  readonly address: Address;
  /** The server's process for this connection. */
  pid = 0;
  #closed = false;

  private constructor(address: Address, client: pg.Client, options: SessionOptions) {
    this.address = address;
    this.#client = client;
    this.#options = options;
  }

  /** @throws `Unreachable`, `AccessDenied`, `PreconditionFailed` (no such database) */
  static async open(address: Address, options: SessionOptions): Promise<Session> {
    options.signal.throwIfAborted();
    const session = new Session(address, await newClient(address, options.applicationName), options);
    try {
      await session.#connect();
      return session;
    } catch (error) {
      await session.close();
      if (options.signal.aborted) throw options.signal.reason;
      // What a server says at a closed door is for the moment.
      throw postgresError(options.label, error, 'Busy');
    }
  }

  async #connect(): Promise<void> {
    await this.#client.connect();
    const { statementTimeoutMs, lockTimeoutMs = 10_000 } = this.#options;
    const settings: Record<string, string> = {
      statement_timeout: String(statementTimeoutMs),
      lock_timeout: String(lockTimeoutMs),
      // A worker that hangs between two statements must not hold its locks for ever.
      idle_in_transaction_session_timeout: String(Math.max(statementTimeoutMs, 60_000)),
      ...(this.#options.for === 'reading' ? readingSettings : {}),
    };
    const calls = Object.keys(settings).map((_, i) => `pg_catalog.set_config($${2 * i + 1}, $${2 * i + 2}, false)`);
    const [row] = await this.rows(
      `select pg_catalog.pg_backend_pid() as pid, ${calls.join(', ')}`,
      Object.entries(settings).flat(),
    );
    this.pid = Number(row?.['pid']);
  }

  /** Runs one statement (several cannot be smuggled in) and returns its rows. */
  async rows(text: string, values: readonly unknown[] = []): Promise<Row[]> {
    const config = { text, values: [...values], queryMode: 'extended', types: asText };
    return (await this.#run((client) => client.query<Row>(config as pg.QueryConfig))).rows;
  }

  /** Runs one statement whose result has one row, and returns it. */
  async row(text: string, values: readonly unknown[] = []): Promise<Row> {
    const rows = await this.rows(text, values);
    if (rows.length !== 1 || rows[0] === undefined) throw new Error(`expected one row, got ${rows.length}: ${text}`);
    return rows[0];
  }

  /** Runs one statement and returns its rows as arrays, with the columns' names and type oids. */
  async table(
    text: string,
    values: readonly unknown[] = [],
  ): Promise<{ columns: Column[]; rows: (string | null)[][] }> {
    const config = { text, values: [...values], queryMode: 'extended', types: asText, rowMode: 'array' as const };
    const result = await this.#run((client) => client.query(config as pg.QueryArrayConfig));
    const columns = result.fields.map((field) => ({ name: field.name, type: field.dataTypeID }));
    return { columns, rows: result.rows as (string | null)[][] };
  }

  /**
   * Runs one statement by the extended protocol, in which the server refuses a second one, whatever the text looks like to it. Rows that it
   * returns are thrown away as they come. `line` is where it stands in its script, for errors.
   */
  async alone(text: string, line = 1): Promise<void> {
    const config = { text, values: [], queryMode: 'extended', types: asText };
    await this.#run(
      (client) =>
        new Promise<void>((resolve, reject) => {
          const query = client.query(new pg.Query(config as pg.QueryConfig));
          query.on('row', () => undefined);
          query.on('end', () => resolve());
          query.on('error', reject);
        }),
      { text, line },
    );
  }

  /** Runs a statement that returns nothing of interest. Returns how many rows it says that it touched. */
  async execute(text: string): Promise<number> {
    return (await this.#run((client) => client.query({ text, types: asText }))).rowCount ?? 0;
  }

  /** Runs work in a transaction, which is rolled back when it throws. */
  async transaction<T>(begin: string, work: () => Promise<T>): Promise<T> {
    await this.execute(begin);
    let result: T;
    try {
      result = await work();
    } catch (error) {
      // The first error is the story; a connection that is gone has rolled back by itself.
      await this.execute('rollback').catch(() => undefined);
      throw error;
    }
    await this.execute('commit');
    return result;
  }

  /**
   * Runs work of ours in the middle of somebody's transaction: values as text that is the same everywhere, names qualified, and
   * nobody's own `pg_class` in the way. Then the settings are what they were.
   */
  async reading<T>(work: () => Promise<T>): Promise<T> {
    // The schema for temporary tables is searched first unless it is named.
    const settings = { ...readingSettings, search_path: 'pg_catalog, pg_temp' };
    const names = Object.keys(settings);
    const before = await this.row(
      `select ${names.map((name) => `pg_catalog.current_setting('${name}') as "${name}"`).join(', ')}`,
    );
    await this.#setLocal(settings);
    const result = await work();
    await this.#setLocal(before);
    return result;
  }

  async #setLocal(settings: Row): Promise<void> {
    const calls = Object.keys(settings).map((_, i) => `pg_catalog.set_config($${2 * i + 1}, $${2 * i + 2}, true)`);
    await this.rows(`select ${calls.join(', ')}`, Object.entries(settings).flat());
  }

  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    // `end` waits for the server to hang up, which a dead one never does.
    const timer = setTimeout(() => this.#destroy(), 2000);
    // Whatever goes wrong while hanging up: the connection is not used again.
    await this.#client.end().catch(() => undefined);
    clearTimeout(timer);
  }

  async #run<T>(action: (client: pg.Client) => Promise<T>, script?: { text: string; line: number }): Promise<T> {
    const { signal, statementTimeoutMs } = this.#options;
    signal.throwIfAborted();
    const leave = onAbort(signal, () => void this.#cancel());
    // The server stops a statement at its own limit. When nothing comes even then, the line is dead.
    const deadline = setTimeout(() => this.#destroy(), statementTimeoutMs + 30_000);
    try {
      return await action(this.#client);
    } catch (error) {
      if (signal.aborted) throw signal.reason;
      throw postgresError(this.#options.label, error, 'StepFailed', script);
    } finally {
      clearTimeout(deadline);
      leave();
    }
  }

  async #cancel(): Promise<void> {
    const stuck = setTimeout(() => this.#destroy(), 5000);
    this.#client.once('end', () => clearTimeout(stuck));
    stuck.unref();
    try {
      const other = await newClient(this.address, this.#options.applicationName);
      await other.connect();
      await other.query('select pg_catalog.pg_cancel_backend($1)', [this.pid]);
      await other.end();
    } catch {
      // A server that cannot be asked to cancel: dropping the line is all that is left.
      this.#destroy();
    } finally {
      clearTimeout(stuck);
    }
  }

  #destroy(): void {
    (this.#client as { connection: { stream: { destroy(): void } } }).connection.stream.destroy();
  }
}

export interface Column {
  name: string;
  /** Oid of the type. */
  type: number;
}

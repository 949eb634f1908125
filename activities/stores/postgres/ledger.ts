import { SwitchbackError } from '../../../runbook/errors.ts';
import { captureCatalog } from './capture-catalog.ts';
import { catalogChanges } from './catalog-changes.ts';
import type { Session } from './session.ts';

/** Who writes, for the fence in the database. */
export interface Holder {
  target: string;
  plan: string;
  run: string;
  operation: string;
  epoch: number;
  attempt: number;
}

/** What the ledger keeps of a step that stands. */
export interface LedgerEntry {
  digest: string;
  attempt: number;
  /** ISO 8601. */
  at: string;
  /** Objects that the step added; see `CatalogChange.adds`. */
  made: string[];
  rows: number;
}

const tables = `
create schema if not exists switchback;
comment on schema switchback is 'Switchback: which steps of migrations were applied here. Additive; needed to take them back.';
create table if not exists switchback.ledger (
  id bigint generated always as identity primary key,
  target text not null,
  plan text not null,
  run text not null,
  operation text not null,
  digest text not null,
  epoch bigint not null,
  attempt integer not null,
  made jsonb not null,
  rows bigint not null,
  at timestamptz not null default clock_timestamp(),
  undone_by text,
  undone_at timestamptz
);
create unique index if not exists ledger_standing on switchback.ledger (target, run, operation) where undone_at is null;
create table if not exists switchback.fence (
  target text primary key,
  epoch bigint not null,
  operation text not null,
  attempt integer not null
);`;

const exists = `select to_regclass('switchback.ledger') is not null and to_regclass('switchback.fence') is not null as there`;

/**
 * Makes the ledger where there is none yet. Event triggers of the database fire for it as for any other DDL, so what they do is looked at.
 * @throws `AccessDenied` when the user may not create a schema, `Protected` when that would destroy data
 */
export async function ensureLedger(session: Session): Promise<void> {
  if ((await session.row(exists))['there'] === 't') return;
  await session.transaction('begin', async () => {
    // `if not exists` does not wait for somebody who is creating the same thing right now.
    await session.rows(`select pg_advisory_xact_lock(hashtext('switchback.ledger'))`);
    const before = await session.reading(() => captureCatalog(session));
    await session.execute(tables);
    const after = await session.reading(() => captureCatalog(session));
    const lost = catalogChanges(before, after).find(({ losesData }) => losesData);
    if (lost === undefined) return;
    throw new SwitchbackError('Protected', `to make the ledger would destroy data: ${lost.table} ${lost.what}`, {
      hint: 'An event trigger of the database does that for any DDL. Disable it while this database is migrated: ALTER EVENT TRIGGER … DISABLE.',
      facts: { table: lost.table },
    });
  });
}

/**
 * The entry of a step that was applied and not taken back, if there is one. Of an undo also that of an earlier undo which has taken back all
 * of `undoes` already: a rollback that is planned again has other operations, and what is gone cannot be taken away once more.
 * @param undoes `RUN/OPERATION`
 */
export async function standingEntry(
  session: Session,
  { target, run, operation }: Pick<Holder, 'target' | 'run' | 'operation'>,
  undoes: readonly string[] = [],
): Promise<LedgerEntry | undefined> {
  if ((await session.row(exists))['there'] !== 't') return undefined;
  const [row] = await session.rows(
    `with undone as (
       select coalesce(bool_and(undone_at is not null), false) and count(distinct run || '/' || operation) = $4 as all_of_them,
              max(undone_by) as undo
         from switchback.ledger where target = $1 and run || '/' || operation = any($3::text[]))
     select digest, attempt, made, rows, to_char(at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') as at
       from switchback.ledger, undone
      where target = $1 and undone_at is null
        and (run || '/' || operation = $2 or (all_of_them and run || '/' || operation = undo))
      limit 1`,
    [target, `${run}/${operation}`, [...undoes], undoes.length],
  );
  if (row === undefined) return undefined;
  return {
    digest: String(row['digest']),
    attempt: Number(row['attempt']),
    at: String(row['at']),
    made: JSON.parse(row['made'] ?? '[]') as string[],
    rows: Number(row['rows']),
  };
}

/**
 * Compares the fencing token inside the transaction, and holds it until the end: of two attempts the later one wins, and the
 * earlier one waits for the row, then finds that out.
 * @throws `LeaseLost`
 */
export async function passFence(session: Session, holder: Holder): Promise<void> {
  const passed = await session.rows(
    `insert into switchback.fence as f values ($1, $2, $3, $4)
     on conflict (target) do update set epoch = excluded.epoch, operation = excluded.operation, attempt = excluded.attempt
       where f.epoch < excluded.epoch
          or (f.epoch = excluded.epoch and (f.operation <> excluded.operation or f.attempt <= excluded.attempt))
     returning epoch`,
    [holder.target, holder.epoch, holder.operation, holder.attempt],
  );
  if (passed.length === 1) return;
  throw new SwitchbackError('LeaseLost', `a newer holder of ${holder.target} has written to this database already`, {
    hint: `This was epoch ${holder.epoch}, attempt ${holder.attempt} of ${holder.operation}; it ends here.`,
  });
}

/** Writes down that a step was applied; and, where it takes another one back, that this one no longer stands. */
export async function writeEntry(
  session: Session,
  holder: Holder,
  entry: { digest: string; made: string[]; rows: number; undoes: readonly string[] },
): Promise<void> {
  await session.rows(
    `insert into switchback.ledger (target, run, operation, digest, epoch, attempt, made, rows, plan)
     values ($1, $2, $3, $4, $5, $6, $7, $8, $9)`,
    [
      holder.target,
      holder.run,
      holder.operation,
      entry.digest,
      holder.epoch,
      holder.attempt,
      JSON.stringify(entry.made),
      entry.rows,
      holder.plan,
    ],
  );
  if (entry.undoes.length === 0) return;
  await session.rows(
    `update switchback.ledger set undone_by = $2, undone_at = clock_timestamp()
      where target = $1 and run || '/' || operation = any($3::text[]) and undone_at is null`,
    [holder.target, `${holder.run}/${holder.operation}`, [...entry.undoes]],
  );
}

/**
 * Objects that steps of the same plan have added, and those that are being taken back: they were not there when the plan began to
 * protect, so they are not what it protects. `undoes` are `RUN/OPERATION`.
 */
export async function madeBefore(session: Session, holder: Holder, undoes: readonly string[]): Promise<Set<string>> {
  const rows = await session.rows(
    `select made from switchback.ledger where target = $1 and (plan = $2 or run || '/' || operation = any($3::text[]))`,
    [holder.target, holder.plan, [...undoes]],
  );
  return new Set(rows.flatMap((row) => JSON.parse(row['made'] ?? '[]') as string[]));
}

const catalogues = { pg_class: 'oid', pg_attribute: 'attrelid', pg_trigger: 'tgrelid', pg_rewrite: 'ev_class', pg_policy: 'polrelid', pg_constraint: 'conrelid', pg_index: 'indrelid', pg_attrdef: 'adrelid' }; // prettier-ignore
const volatile = `'{relpages,reltuples,relallvisible,relallfrozen,relfrozenxid,relminmxid}'::text[]`;

/**
 * One text for what the ledger and the fence are and hold, and for what this transaction has written there. Whoever writes there says
 * what was applied, and what is not protected.
 */
export async function ledgerState(session: Session, { target }: Pick<Holder, 'target'>): Promise<string> {
  const ours = `select c.oid from pg_class c join pg_namespace n on n.oid = c.relnamespace where n.nspname = 'switchback'`;
  const definitions = Object.entries(catalogues).map(
    ([catalogue, oid]) =>
      `select (to_jsonb(x) - ${volatile})::text as x from ${catalogue} x where x.${oid} in (${ours})`,
  );
  const { state } = await session.row(
    `select md5(string_agg(x, chr(10) order by x)) as state from (${[
      ...definitions,
      `select to_jsonb(n)::text from pg_namespace n where n.nspname = 'switchback'`,
      `select to_jsonb(l)::text from switchback.ledger l where target = $1`,
      `select to_jsonb(f)::text from switchback.fence f where target = $1`,
      `select concat_ws(' ', relname, n_tup_ins, n_tup_upd, n_tup_del) from pg_stat_xact_all_tables where relid in (${ours})`,
      `select l.relation::text from pg_locks l where l.pid = pg_backend_pid() and l.locktype = 'relation' and l.relation in (${ours}) and l.mode = 'RowExclusiveLock'`,
    ].join(' union all ')}) s`,
    [target],
  );
  return state ?? '';
}

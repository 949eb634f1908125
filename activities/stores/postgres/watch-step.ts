import { SwitchbackError } from '../../../runbook/errors.ts';
import type { StoreUse } from '../store.ts';
import { captureCatalog, writersLocks, type Catalog } from './capture-catalog.ts';
import type { CatalogChange } from './catalog-change.ts';
import { catalogChanges } from './catalog-changes.ts';
import { ledgerState } from './ledger.ts';
import { putSequencesForward } from './sequences-forward.ts';
import { refuseElsewhere } from './works-elsewhere.ts';
import type { Session } from './session.ts';
import type { StepStatement } from './statements.ts';

/** What a step has seen before it ran. */
interface Seen {
  before?: Catalog;
}

/** Sequences go back with no rollback. */
export async function takingSequencesBack<T>(session: Session, work: (seen: Seen) => Promise<T>): Promise<T> {
  const seen: Seen = {};
  try {
    return await work(seen);
  } catch (error) {
    // The first error is the story.
    if (seen.before) await putSequencesForward(session, seen.before).catch(() => undefined);
    throw error;
  }
}

export interface Watched {
  changes: CatalogChange[];
  catalogs: { before: Catalog; after: Catalog };
}

/** Runs a step between two looks at the catalogue. */
export async function runWatched(
  session: Session,
  statements: StepStatement[],
  use: StoreUse,
  seen: Seen,
): Promise<Watched> {
  await session.reading(() => refuseElsewhere(session, statements, use));
  const before = await session.reading(() => captureCatalog(session));
  const ledger = await session.reading(() => ledgerState(session, use));
  seen.before = before;
  const transaction = await transactionId(session);
  const onlyNamed = new Set<number>();
  for (const [done, statement] of statements.entries()) {
    use.progress({ doing: `statement ${done + 1} of ${statements.length} in ${use.store}` });
    await runStatement(session, statement, onlyNamed);
  }
  await comeToRest(session, use);
  await session.execute('reset session authorization');
  await session.execute('reset role');
  if ((await transactionId(session)) !== transaction) throw endedTransaction(use);
  const after = await session.reading(() => captureCatalog(session));
  // Where nothing is hidden, nothing has switched the counters off: a lock alone is no write.
  if (statements.every(({ facts }) => facts.hidden === undefined)) markOnlyNamed(after, onlyNamed);
  if ((await session.reading(() => ledgerState(session, use))) !== ledger) throw ledgerTouched(use);
  // What is written to the ledger now, no operator of the step's own may judge.
  await session.execute('set local search_path = pg_catalog, pg_temp');
  return { changes: catalogChanges(before, after), catalogs: { before, after } };
}

/** They look at the tables that their bodies write, and lock them for it. */
const definers = new Set(['CreateFunctionStmt', 'RuleStmt']);

async function runStatement(
  session: Session,
  { text, line, facts }: StepStatement,
  onlyNamed: Set<number>,
): Promise<void> {
  if (!definers.has(facts.kind)) return session.alone(text, line);
  const before = await session.reading(() => writersLocks(session));
  await session.alone(text, line);
  for (const oid of await session.reading(() => writersLocks(session))) if (!before.has(oid)) onlyNamed.add(oid);
}

function markOnlyNamed(catalog: Catalog, named: ReadonlySet<number>): void {
  for (const [oid, writes] of catalog.writes) {
    const counted = writes.inserted + writes.updated + writes.deleted > 0;
    if (named.has(oid) && !counted && catalog.relations.get(oid)?.kind !== 'f') writes.locked = false;
  }
}

/** A trigger that was put off may put off others; that many times in a row is nothing that anybody means. */
const mostRounds = 50;

/**
 * What was put off until the commit has to happen while somebody is watching: triggers, and the queries of cursors that outlive their
 * transaction.
 */
async function comeToRest(session: Session, use: StoreUse): Promise<void> {
  await session.execute('close all');
  let [seen, rounds] = ['', 0];
  for (let now = await writesSoFar(session); now !== seen; now = await writesSoFar(session)) {
    if (rounds++ > mostRounds) {
      throw new SwitchbackError('Protected', `the step puts off work again and again in store ${use.store}`, {
        hint: 'A deferred trigger sets constraints to deferred again: what it does at the commit would be watched by nobody. Nothing was changed.',
        facts: { store: use.store },
      });
    }
    seen = now;
    await session.execute('set constraints all immediate');
  }
}

async function writesSoFar(session: Session): Promise<string> {
  const { writes } = await session.row(
    `select pg_catalog.concat_ws(' ', pg_catalog.sum(n_tup_ins), pg_catalog.sum(n_tup_upd), pg_catalog.sum(n_tup_del)) as writes
       from pg_catalog.pg_stat_xact_all_tables`,
  );
  return writes ?? '';
}

const ledgerTouched = (use: StoreUse) =>
  new SwitchbackError('Protected', `the step would change the ledger of Switchback in store ${use.store}`, {
    hint: 'The schema `switchback` says which steps were applied and what they may take back. Nothing was changed.',
    facts: { store: use.store },
  });

async function transactionId(session: Session): Promise<string> {
  return (await session.row('select pg_catalog.txid_current() as id'))['id'] ?? '';
}

/** Statements that end a transaction are refused before: this is for the day on which one is not known as such. */
const endedTransaction = (use: StoreUse) =>
  new SwitchbackError('EffectUnknown', `a statement has ended the transaction of the step in store ${use.store}`, {
    hint: 'Look at what stands in the database: the step may have been applied in part, and nothing guarded it.',
  });

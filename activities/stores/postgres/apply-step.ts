import { SwitchbackError } from '../../../runbook/errors.ts';
import { protectedTables } from '../../../runbook/guard/table-pattern.ts';
import type { SqlParser } from '../../../runbook/guard/index.ts';
import type { SqlOutcome, SqlStep, StoreUse } from '../store.ts';
import { archiveLosses, type Archiver } from './archive-losses.ts';
import type { Catalog } from './capture-catalog.ts';
import type { CatalogChange } from './catalog-change.ts';
import { madeBefore, passFence, standingEntry, writeEntry, type LedgerEntry } from './ledger.ts';
import { addedNames, breaches, protectedError } from './protection.ts';
import { globalChanges } from './meaning-changes.ts';
import { pinSettings } from './pinned-settings.ts';
import type { Session } from './session.ts';
import { statementsOf, type StepStatement } from './statements.ts';
import { runWatched, takingSequencesBack, type Watched } from './watch-step.ts';

/**
 * Applies a step in one transaction: the fence is passed, the step runs, the catalogue and the counters are compared with what they
 * were, and the ledger says that it was applied, all of it or nothing of it.
 * @throws `Protected`, `StepFailed`, `LeaseLost`, `Busy` (a lock), `Unreachable`
 */
export async function applyStep(
  session: Session,
  step: SqlStep,
  use: StoreUse,
  archiver: Archiver | undefined,
  parser: SqlParser,
): Promise<SqlOutcome> {
  const started = performance.now();
  const statements = statementsOf(step.text, parser, use.store);
  await pinSettings(session, use.store);
  const adopted = ({ rows }: LedgerEntry): SqlOutcome => ({
    adopted: true,
    statements: statements.length,
    rows,
    tookMs: Math.round(performance.now() - started),
    added: [],
    globals: [],
  });
  // Before anything is run: what an undo has taken away already, it cannot take away once more for nothing.
  const before = await standingEntry(session, use, step.undoes);
  if (before !== undefined) return adopted(before);
  // What an undo would destroy is found out by running it once for nothing.
  const losses = archiver && (await dryRun(session, step, statements, use));
  if (step.keepsData && losses) refuseLosses(losses, use.store);
  return takingSequencesBack(session, async (seen) =>
    session.transaction('begin', async () => {
      await passFence(session, use);
      const standing = await standingEntry(session, use, step.undoes);
      if (standing !== undefined) return adopted(standing);
      const archived = losses && archiver && (await archiveLosses(session, losses, archiver));
      const { changes, catalogs } = await runWatched(session, statements, use, seen);
      if (step.keepsData) refuseLosses(changes, use.store);
      else if (losses) refuseOtherLosses(losses, changes);
      await refuseBreaches(session, step, use, changes, catalogs);
      const rows = rowsWritten(catalogs.before, catalogs.after);
      const made = changes.flatMap((change) => change.adds ?? []);
      await writeEntry(session, use, {
        digest: step.digest,
        made,
        rows,
        undoes: step.undoes,
      });
      await use.fence();
      return {
        adopted: false,
        statements: statements.length,
        rows,
        tookMs: Math.round(performance.now() - started),
        added: addedNames(changes),
        globals: globalChanges(catalogs.before, catalogs.after),
        ...(archived === undefined ? {} : { archived }),
      };
    }),
  );
}

async function dryRun(
  session: Session,
  step: SqlStep,
  statements: StepStatement[],
  use: StoreUse,
): Promise<CatalogChange[]> {
  let found: CatalogChange[] = [];
  const backAgain = new Error('rolled back on purpose');
  try {
    await takingSequencesBack(session, (seen) =>
      session.transaction('begin', async () => {
        const { changes, catalogs } = await runWatched(session, statements, use, seen);
        found = changes.filter((change) => change.losesData);
        // Before anything is archived for nothing.
        await refuseBreaches(session, step, use, changes, catalogs);
        throw backAgain;
      }),
    );
  } catch (error) {
    if (error !== backAgain) throw error;
  }
  return found;
}

async function refuseBreaches(
  session: Session,
  step: SqlStep,
  use: StoreUse,
  changes: CatalogChange[],
  catalogs: Watched['catalogs'],
): Promise<void> {
  const made = await madeBefore(session, use, step.undoes);
  const found = breaches(changes, catalogs, protectedTables(use.protect, use.store), made);
  if (found.length === 0) return;
  throw protectedError(
    use.store,
    found,
    catalogs.before.relations.has(found[0]?.relation ?? 0) ? catalogs.before : catalogs.after,
  );
}

/** Triggers, rules, cascades and functions do what no text of the undo shows. */
function refuseLosses(changes: readonly CatalogChange[], store: string): void {
  const losses = changes.filter((change) => change.losesData);
  const [first] = losses;
  if (first === undefined) return;
  const more = losses.length === 1 ? '' : `, and ${losses.length - 1} more`;
  throw new SwitchbackError(
    'PreconditionFailed',
    `the undo would destroy data in store ${store} that its text does not show: ${first.table} ${first.what}${more}`,
    {
      hint: 'Nothing was changed. Ask for the rollback with --discard-data, which archives what goes, or leave this undo out (`skip`).',
      facts: { store, table: first.table, losses: losses.length },
    },
  );
}

/** The archive holds what the first look said; what the second run would lose beyond that is not in it. */
function refuseOtherLosses(losses: CatalogChange[], changes: CatalogChange[]): void {
  const known = new Set(losses.map((change) => change.relation));
  const other = changes.find((change) => change.losesData && !known.has(change.relation));
  if (other === undefined) return;
  throw new SwitchbackError(
    'EffectUnknown',
    `the undo would destroy more than was archived: ${other.table} ${other.what}`,
    {
      hint: 'Its effect depends on when it runs. Nothing was changed; archive the table by hand, then retry.',
    },
  );
}

function rowsWritten(before: Catalog, after: Catalog): number {
  let rows = 0;
  for (const [oid, now] of after.writes) {
    const old = before.writes.get(oid);
    rows += now.inserted + now.updated + now.deleted;
    if (old) rows -= old.inserted + old.updated + old.deleted;
  }
  return Math.max(0, rows);
}

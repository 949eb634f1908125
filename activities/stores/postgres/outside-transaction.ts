import { SwitchbackError } from '../../../runbook/errors.ts';
import type { SqlParser } from '../../../runbook/guard/index.ts';
import { protectedTables } from '../../../runbook/guard/table-pattern.ts';
import type { SqlOutcome, SqlStep, StoreUse } from '../store.ts';
import { dropUnfinishedIndex, foreseen } from './foreseen-changes.ts';
import { captureCatalog, type Catalog } from './capture-catalog.ts';
import { catalogChanges, type CatalogChange } from './catalog-changes.ts';
import { madeBefore, passFence, standingEntry, writeEntry } from './ledger.ts';
import { addedNames, breaches, protectedError } from './protection.ts';
import { globalChanges } from './meaning-changes.ts';
import { pinSettings } from './pinned-settings.ts';
import type { Session } from './session.ts';
import { statementsOf, type StepStatement } from './statements.ts';

/**
 * Applies SQL that PostgreSQL refuses to run in a transaction, statement by statement. What is proven already is left alone.
 * @throws `Unsupported` for statements that could touch rows, `Protected`, `ValidationMismatch` when the proof still says no
 */
export async function applyOutsideTransaction(
  session: Session,
  step: SqlStep,
  use: StoreUse,
  parser: SqlParser,
): Promise<SqlOutcome> {
  const started = performance.now();
  const statements = statementsOf(step.text, parser, use.store);
  for (const statement of statements) refuseUnknown(statement, use);
  await pinSettings(session, use.store);
  await session.transaction('begin', () => passFence(session, use));
  for (const { text } of statements) await dropUnfinishedIndex(session, text, parser, use);
  const before = await look(session);
  const adopted = await isProven(session, step, use);
  if (!adopted) {
    await runStatements(session, statements, step, use, parser);
    await requireProof(session, step, use);
  }
  const after = await look(session);
  const changes = catalogChanges(before, after);
  await session.transaction('begin', async () => {
    if ((await standingEntry(session, use, step.undoes)) !== undefined) return;
    const made = changes.flatMap((change) => change.adds ?? []);
    await writeEntry(session, use, { digest: step.digest, made, rows: 0, undoes: step.undoes });
  });
  const tookMs = Math.round(performance.now() - started);
  return {
    adopted,
    statements: statements.length,
    rows: 0,
    tookMs,
    added: addedNames(changes),
    globals: globalChanges(before, after),
  };
}

/** There is nothing to abort, so what each statement would do is asked before, and what it did is looked at after it. */
async function runStatements(
  session: Session,
  statements: StepStatement[],
  step: SqlStep,
  use: StoreUse,
  parser: SqlParser,
): Promise<void> {
  let before = await look(session);
  for (const [done, { text, line }] of statements.entries()) {
    await refuseBreaches(session, step, use, await foreseen(session, text, parser, before), { before, after: before });
    await use.fence();
    use.progress({ doing: `statement ${done + 1} of ${statements.length} in ${use.store}` });
    await session.alone(text, line);
    const after = await look(session);
    await refuseBreaches(session, step, use, catalogChanges(before, after), { before, after });
    before = after;
  }
}

/** Whether the step's proof holds. @throws `PlanInvalid` when it has none */
export async function isProven(session: Session, step: SqlStep, use: StoreUse): Promise<boolean> {
  const proof = step.proof ?? '';
  if (proof === '') {
    throw new SwitchbackError(
      'PlanInvalid',
      `a step for store ${use.store} runs outside of a transaction and has no proof`,
      {
        hint: 'Add `proof:` with a query whose first value is true once it has been applied.',
      },
    );
  }
  const { rows } = await session.transaction('begin read only', () => session.table(proof));
  return ['t', 'true', '1'].includes(rows[0]?.[0] ?? '');
}

async function requireProof(session: Session, step: SqlStep, use: StoreUse): Promise<void> {
  if (await isProven(session, step, use)) return;
  throw new SwitchbackError('ValidationMismatch', `the SQL ran in store ${use.store}, but its proof does not hold`, {
    hint: 'Look at the proof and at the database: an index may have been left invalid.',
  });
}

const look = (session: Session) =>
  session.transaction('begin read only', () => session.reading(() => captureCatalog(session)));

/** An allow-list: what may run without a transaction around it cannot touch a row. */
function refuseUnknown({ text, facts }: StepStatement, use: StoreUse): void {
  if (facts.harmlessOutside && facts.hidden === undefined) return;
  throw new SwitchbackError(
    'Unsupported',
    `store ${use.store}: only statements that need it run outside of a transaction, not: ${text.slice(0, 80)}`,
    {
      hint: 'Leave `transaction` out, so that the statement is guarded and taken back as a whole when it fails.',
    },
  );
}

async function refuseBreaches(
  session: Session,
  step: SqlStep,
  use: StoreUse,
  changes: CatalogChange[],
  catalogs: { before: Catalog; after: Catalog },
): Promise<void> {
  const made = await madeBefore(session, use, step.undoes);
  const found = breaches(changes, catalogs, protectedTables(use.protect, use.store), made);
  if (found.length > 0) throw protectedError(use.store, found, catalogs.before);
}

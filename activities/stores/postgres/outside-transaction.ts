import { SwitchbackError } from '../../../runbook/errors.ts';
import { protectedTables } from '../../../runbook/guard/table-pattern.ts';
import type { SqlOutcome, SqlStep, StoreUse } from '../store.ts';
import { captureCatalog, type Catalog } from './capture-catalog.ts';
import { catalogChanges, type CatalogChange } from './catalog-changes.ts';
import { madeBefore, passFence, standingEntry, writeEntry } from './ledger.ts';
import { addedNames, breaches, protectedError } from './protection.ts';
import type { Session } from './session.ts';
import { statementsOf } from './statements.ts';

/** What may run without a transaction around it. None of these can touch a row. */
const allowed = [
  /^create\s+(unique\s+)?index\s+concurrently\b/i,
  /^drop\s+index\s+concurrently\b/i,
  /^reindex\s+(\([^)]*\)\s*)?(index|table|schema)\s+concurrently\b/i,
  /^alter\s+type\s+\S+\s+add\s+value\b/i,
  // Its option FULL makes new files of its tables.
  /^(vacuum|analyze)\b(?!.*\bfull\b)/is,
];
const identifier = String.raw`((?:"(?:[^"]|"")+"|[\w$\u0080-\uffff]+)(?:\s*\.\s*(?:"(?:[^"]|"")+"|[\w$\u0080-\uffff]+))?)`;
const indexMade = new RegExp(
  String.raw`^create\s+(?:unique\s+)?index\s+concurrently\s+(?:if\s+not\s+exists\s+)?(?!on\b)${identifier}`,
  'i',
);
const indexDropped = new RegExp(String.raw`^drop\s+index\s+concurrently\s+(?:if\s+exists\s+)?${identifier}`, 'i');

/**
 * Applies SQL that PostgreSQL refuses to run in a transaction, statement by statement. What is proven already is left alone.
 * @throws `Unsupported` for statements that could touch rows, `Protected`, `ValidationMismatch` when the proof still says no
 */
export async function applyOutsideTransaction(session: Session, step: SqlStep, use: StoreUse): Promise<SqlOutcome> {
  const started = performance.now();
  const statements = statementsOf(step.text);
  for (const statement of statements) refuseUnknown(statement, use);
  await session.transaction('begin', () => passFence(session, use));
  for (const statement of statements) await dropUnfinishedIndex(session, statement, use);
  const before = await look(session);
  const adopted = await isProven(session, step, use);
  if (!adopted) {
    for (const statement of statements) await refuseProtectedDrop(session, statement, step, use, before);
    await runStatements(session, statements, use);
    await requireProof(session, step, use);
  }
  const after = await look(session);
  const changes = catalogChanges(before, after);
  // Too late to abort, never too late to say so.
  await refuseBreaches(session, step, use, changes, { before, after });
  await session.transaction('begin', async () => {
    if ((await standingEntry(session, use, step.undoes)) !== undefined) return;
    const made = changes.flatMap((change) => change.adds ?? []);
    await writeEntry(session, use, { digest: step.digest, made, rows: 0, undoes: step.undoes });
  });
  const tookMs = Math.round(performance.now() - started);
  return { adopted, statements: statements.length, rows: 0, tookMs, added: addedNames(changes) };
}

async function runStatements(session: Session, statements: string[], use: StoreUse): Promise<void> {
  for (const [done, statement] of statements.entries()) {
    await use.fence();
    use.progress({ doing: `statement ${done + 1} of ${statements.length} in ${use.store}` });
    await session.execute(statement);
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

function refuseUnknown(statement: string, use: StoreUse): void {
  if (allowed.some((pattern) => pattern.test(statement))) return;
  throw new SwitchbackError(
    'Unsupported',
    `store ${use.store}: only statements that need it run outside of a transaction, not: ${statement.slice(0, 80)}`,
    {
      hint: 'Leave `transaction` out, so that the statement is guarded and taken back as a whole when it fails.',
    },
  );
}

/** An index that is dropped without a transaction is gone: what protects it has to be asked before. */
async function refuseProtectedDrop(
  session: Session,
  statement: string,
  step: SqlStep,
  use: StoreUse,
  before: Catalog,
): Promise<void> {
  const name = indexDropped.exec(statement)?.[1];
  if (name === undefined) return;
  const [row] = await session.rows('select to_regclass($1)::oid::text as oid', [name]);
  const oid = Number(row?.['oid'] ?? 0);
  const after: Catalog = { ...before, relations: new Map(before.relations) };
  for (const relation of before.relations.values()) {
    if (relation.indexes.some((index) => index.oid === oid)) {
      after.relations.set(relation.oid, {
        ...relation,
        indexes: relation.indexes.filter((index) => index.oid !== oid),
      });
    }
  }
  await refuseBreaches(session, step, use, catalogChanges(before, after), { before, after });
}

/** An interrupted CREATE INDEX CONCURRENTLY leaves an index that nobody uses and that is in the way of the next attempt. */
async function dropUnfinishedIndex(session: Session, statement: string, use: StoreUse): Promise<void> {
  const name = indexMade.exec(statement)?.[1];
  if (name === undefined) return;
  const invalid = await session.rows(
    `select x.indexrelid::regclass::text as name from pg_catalog.pg_index x where not x.indisvalid and x.indexrelid = to_regclass($1)`,
    [name],
  );
  for (const row of invalid) {
    use.log(`dropping ${row['name']}, which an interrupted attempt left invalid`);
    await session.execute(`drop index concurrently ${row['name']}`);
  }
}

import { z } from 'zod';
import { serverOf } from '../beside-database.ts';
import { guardSql, readSql, sqlDiscards, sqlGlobals, sqlIsAdditive, sqlMakes } from '../guard/index.ts';
import type { Effect, OperationInputs, Undo } from '../operations.ts';
import { storeName } from '../plan/name.ts';
import { stackPath, tidyPath } from '../plan/place.ts';
import { saying } from '../plan/saying.ts';
import { guardFindings, sqlText, unknownStore, type SqlSource } from './sql-source.ts';
import { defineStep, stepOptions, summaryLine, type OperationDraft, type StepContext } from './step-kind.ts';

const statement = z.string().min(1).max(100_000);
const transaction = z
  .boolean()
  .default(true)
  .describe('Whether everything runs in one transaction. What cannot needs false and a proof.');
const proof = z
  .string()
  .min(1)
  .max(20_000)
  .exactOptional()
  .describe('A query whose first value is true once the SQL has been applied.');
const oneSource = (value: { file?: string; statement?: string }) =>
  (value.file === undefined) !== (value.statement === undefined);
const oneSourceError = {
  error: 'needs either `file` or `statement`, and not both',
  params: { hint: 'A `file` is versioned; a `statement` stands in the plan.' },
};
const proven = (value: { transaction: boolean; proof?: string }) => value.transaction || value.proof !== undefined;
const provenError = {
  error: 'has `transaction: false` but no `proof`',
  params: { hint: 'Add a query whose first value is true once the SQL has been applied.' },
};

const undoSource = z
  .strictObject({
    file: saying(stackPath, 'A file of SQL statements.').exactOptional(),
    statement: statement.exactOptional().describe('Or: the SQL itself.'),
    transaction,
    proof,
  })
  .refine(oneSource, oneSourceError)
  .refine(proven, provenError);

const schema = z
  .strictObject({
    sql: saying(storeName, 'The store that the SQL is for.'),
    file: saying(stackPath, 'A file of SQL statements.').exactOptional(),
    statement: statement.exactOptional().describe('Or: the SQL itself.'),
    undo: z
      .union([stackPath, undoSource])
      .exactOptional()
      .describe(
        'The SQL that takes it back: a file, or { statement: … }. An undo that discards data runs only when asked for.',
      ),
    transaction,
    proof,
    ...stepOptions,
  })
  .refine(oneSource, oneSourceError)
  .refine(proven, provenError);
type SqlStep = z.output<typeof schema>;

/** `sql`: statements against a store, versioned as a file, with the statements that take them back. */
export const sqlStep = defineStep({
  key: 'sql',
  schema,

  files(step, path) {
    const undo = undoOf(step);
    return [
      ...(step.file === undefined
        ? []
        : [{ path: tidyPath(step.file), use: 'sql' as const, named: [...path, 'file'] }]),
      ...(undo !== undefined && 'file' in undo.source
        ? [
            {
              path: undo.source.file,
              use: 'sql' as const,
              named: typeof step.undo === 'string' ? [...path, 'undo'] : [...path, 'undo', 'file'],
            },
          ]
        : []),
    ];
  },

  validate(step, context) {
    const forward = sqlText(sourceOf(step), context);
    const undo = undoOf(step);
    const back = undo && sqlText(undo.source, context);
    const place = (source: SqlSource) => ('file' in source ? 'file' : 'statement');
    return [
      ...unknownStore(step.sql, context, [...context.path, 'sql'], 'change'),
      ...(forward === undefined
        ? []
        : guardFindings(
            guardSql(forward, context.protect, step.sql, { transactional: step.transaction }, context.sql),
            [...context.path, place(sourceOf(step))],
            sourceOf(step),
          )),
      ...(undo === undefined || back === undefined
        ? []
        : guardFindings(
            guardSql(
              back,
              context.protect,
              step.sql,
              {
                transactional: undo.transaction,
                // What the step itself has made was not there to be protected.
                made: new Set(forward === undefined ? [] : sqlMakes(forward, context.sql)),
              },
              context.sql,
            ),
            typeof step.undo === 'string' ? [...context.path, 'undo'] : [...context.path, 'undo', place(undo.source)],
            undo.source,
          )),
    ];
  },

  expand(step, context) {
    const source = sourceOf(step);
    const text = sqlText(source, context) ?? '';
    const input: OperationInputs['applySql'] = {
      store: step.sql,
      source,
      transactional: step.transaction,
      expand: sqlIsAdditive(text, context.sql),
      ...(step.proof === undefined ? {} : { proof: step.proof }),
    };
    const draft: OperationDraft<'applySql'> = {
      kind: 'applySql',
      summary: summaryLine(step.title ?? sqlStep.describe(step)),
      input,
      effects: effectsOf(text, step.sql, context),
      undo: undoFor(step, text, context),
      timeoutSeconds: step.timeout ?? 3600,
    };
    return [draft];
  },

  describe(step) {
    return step.file === undefined
      ? `run "${summaryLine(step.statement ?? '').slice(0, 120)}" on ${step.sql}`
      : `apply ${tidyPath(step.file)} to ${step.sql}`;
  },
});

function sourceOf(step: SqlStep): SqlSource {
  return step.file === undefined ? { statement: step.statement ?? '' } : { file: tidyPath(step.file) };
}

interface SqlUndo {
  source: SqlSource;
  transaction: boolean;
  proof?: string;
}

function undoOf({ undo }: SqlStep): SqlUndo | undefined {
  if (undo === undefined) return undefined;
  if (typeof undo === 'string') return { source: { file: tidyPath(undo) }, transaction: true };
  return {
    source: undo.file === undefined ? { statement: undo.statement ?? '' } : { file: tidyPath(undo.file) },
    transaction: undo.transaction,
    ...(undo.proof === undefined ? {} : { proof: undo.proof }),
  };
}

function undoFor(step: SqlStep, forward: string, context: StepContext): Undo {
  const undo = undoOf(step);
  if (undo === undefined) {
    if (sqlIsAdditive(forward, context.sql)) {
      return { by: 'keeping', summary: `what was added to ${step.sql} stays: the old version does not mind it` };
    }
    const lost = readSql(forward, context.sql).flatMap((found) => found.discards);
    return {
      by: 'impossible',
      summary: `${sqlStep.describe(step)} cannot be taken back`,
      cause: impossibleBecause(lost, step.sql, context),
    };
  }
  const { source } = undo;
  const text = sqlText(source, context) ?? '';
  const discards = sqlDiscards(text, context.sql);
  const what =
    'file' in source
      ? `apply ${source.file} to ${step.sql}`
      : `run "${source.statement.replace(/\s+/g, ' ').slice(0, 100)}" on ${step.sql}`;
  return {
    by: 'operation',
    kind: 'applySql',
    summary: summaryLine(discards.length === 0 ? what : `${what}, which discards data: ${discards.join(', ')}`),
    lossy: discards.length > 0,
    input: {
      store: step.sql,
      source,
      transactional: undo.transaction,
      expand: sqlIsAdditive(text, context.sql),
      ...(undo.proof === undefined ? {} : { proof: undo.proof }),
    },
    effects: effectsOf(text, step.sql, context),
  };
}

/** The database, and what lies beside it in its server where the text shows that: a restore of the database leaves that as it is. */
function effectsOf(text: string, store: string, { sql }: StepContext): Effect[] {
  const beside = sqlGlobals(text, sql).length > 0;
  const inside =
    !beside ||
    readSql(text, sql).some(
      ({ globals, effects, hidden }) => globals.length === 0 && (effects.length > 0 || hidden !== undefined),
    );
  return [
    ...(inside ? [{ resource: `store:${store}`, change: 'update' as const }] : []),
    ...(beside ? [{ resource: serverOf(store), change: 'update' as const }] : []),
  ];
}

function impossibleBecause(lost: string[], store: string, context: StepContext): string {
  const point = context.points.find((id) => id === `${context.phase}-store-${store}`);
  const why =
    lost.length > 0
      ? `it discards data (${lost.join(', ')})`
      : 'it changes what is there and the plan has no `undo` for it';
  return point === undefined
    ? `${why}, and the phase has no backup of ${store}`
    : `${why}; only restoring ${point} brings it back`;
}

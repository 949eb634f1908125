import { createHash } from 'node:crypto';
import type { JsonObject } from '../../runbook/json.ts';
import type { OperationInputs, Undo } from '../../runbook/operations.ts';
import type { EffectContext, EffectHandler } from '../effect.ts';
import { encryptedTo, encryptionOf } from '../encryption/index.ts';
import { abandonPoint, openPoint, sealPoint } from '../points/index.ts';
import { requireSameStore } from '../stores/identity.ts';
import { withStore, type StoreDrivers } from '../stores/registry.ts';
import type { Archive, SqlOutcome, SqlStep } from '../stores/store.ts';

type Source = OperationInputs['applySql']['source'];
type Context = EffectContext<'applySql'>;

/** More names would not fit into a receipt. */
const namesInReceipt = 100;

/** `applySql`: a step of SQL, guarded and written down in the store's own ledger, as a whole or not at all. */
export const applySqlHandler = (deps: { stores: StoreDrivers }): EffectHandler<'applySql'> => ({
  async observe(input, context) {
    const step = await stepOf(input, context);
    const applied = await withStore(deps.stores, context, input.store, ['change'], (store) =>
      store.change.applied(step),
    );
    return applied ? 'done' : 'absent';
  },

  // Outside a transaction, a part of the statements may stand although the proof of the whole does not hold.
  async untouched(input, context) {
    if (!input.transactional) return false;
    const step = await stepOf(input, context);
    return !(await withStore(deps.stores, context, input.store, ['change'], (store) => store.change.applied(step)));
  },

  async prepare(input, context) {
    const text = await textOf(input.source, context);
    return { undo: await resolved(context.operation.undo, context), facts: { digest: digestOf(text) } };
  },

  async perform(input, context) {
    const step = await stepOf(input, context);
    const outcome = await withStore(deps.stores, context, input.store, ['change'], async (store) => {
      await requireSameStore(context, input.store, await store.identity());
      return store.change.apply(step);
    });
    return {
      summary: summaryOf(input.store, outcome),
      facts: factsOf(step, outcome),
      effect: { store: input.store, digest: step.digest },
    };
  },
});

async function stepOf(input: OperationInputs['applySql'], context: Context): Promise<SqlStep> {
  const text = await textOf(input.source, context);
  const { undoes = [], keepsData } = context.operation;
  return {
    text,
    digest: digestOf(text),
    undoes,
    ...(keepsData === undefined ? {} : { keepsData }),
    ...(undoes.length === 0 ? {} : { archive: archiveFor(input.store, context) }),
    ...(input.transactional ? {} : { proof: input.proof ?? '' }),
  };
}

async function textOf(source: Source, context: Context): Promise<string> {
  if ('statement' in source) return source.statement;
  return ('digest' in source ? await context.kept(source.digest) : await context.sealed(source.file)).toString('utf8');
}

const digestOf = (text: string) => createHash('sha256').update(text).digest('hex');

/** An undo must not depend on a file that somebody may edit: its contents are kept by digest. */
async function resolved(undo: Undo, context: Context): Promise<Undo> {
  if (undo.by !== 'operation' || undo.kind !== 'applySql') return undo;
  const input = undo.input as OperationInputs['applySql'];
  if (!('file' in input.source)) return undo;
  return {
    ...undo,
    input: { ...input, source: { digest: await context.keep(await context.sealed(input.source.file)) } },
  };
}

/** Keeps what an undo destroys as a recovery point of tables. */
function archiveFor(store: string, context: Context): Archive {
  const slug = context.operation.id.replace(/[^A-Za-z0-9]+/g, '-');
  return {
    async keep({ kind, identity, quiesce, engine }, write) {
      // With the attempt: one that archived and then died has kept a point that is good, of a moment that is over.
      const name = `archive-${slug}-${context.attempt}`;
      const point = await openPoint(context.home.points, {
        point: name,
        target: context.target,
        run: context.runId,
        operation: context.operation.id,
        source: { kind, resource: `store:${store}`, identity },
        quiesce,
        engine,
        ...encryptedTo(encryptionOf(context)),
      });
      try {
        const { canary } = await write(point.folder);
        const manifest = await sealPoint(point, { canary, signal: context.signal });
        return { point: `${context.runId}/${name}`, bytes: manifest.parts.reduce((sum, part) => sum + part.bytes, 0) };
      } catch (error) {
        await abandonPoint(point);
        throw error;
      }
    },
  };
}

function summaryOf(store: string, outcome: SqlOutcome): string {
  if (outcome.adopted) return `${outcome.statements} statements had been applied to store ${store} already`;
  const archived = outcome.archived ? `; ${archivedWhat(outcome.archived)} archived as ${outcome.archived.point}` : '';
  return `applied ${outcome.statements} statements to store ${store}: ${outcome.rows} rows in ${outcome.tookMs} ms${archived}`;
}

function archivedWhat({ rows, largeObjects, notKept = [] }: NonNullable<SqlOutcome['archived']>): string {
  const objects = largeObjects === undefined ? '' : ` and ${largeObjects} large objects`;
  const not = notKept.length === 0 ? '' : `, but not those of ${notKept.join(', ')} on another server,`;
  return `${rows} rows${objects}${not}`;
}

function factsOf(step: SqlStep, outcome: SqlOutcome): JsonObject {
  const { statements, rows, tookMs, archived, globals } = outcome;
  return {
    ...{ digest: step.digest, statements, rows, tookMs },
    added: outcome.added.slice(0, namesInReceipt),
    ...(globals.length === 0 ? {} : { globals: globals.slice(0, namesInReceipt) }),
    ...(archived === undefined ? {} : { archived: { ...archived, tables: archived.tables.slice(0, namesInReceipt) } }),
  };
}

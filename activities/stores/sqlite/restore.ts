import { SwitchbackError } from '../../../runbook/errors.ts';
import type { StoredPoint } from '../../points/index.ts';
import { verifyPoint } from '../../points/index.ts';
import { answerOf, isUp } from '../../volumes/index.ts';
import type {
  OperationName,
  RestoreOutcome,
  RestoreWish,
  StateLoss,
  StoreLeftover,
  StoreUse,
  SwapPlan,
  TableLoss,
} from '../store.ts';
import { readCanary, readContent, requireSameContent, summed } from './content.ts';
import { identityOf, look } from './look.ts';
import { databaseUsers, incomingEnding, keptEnding } from './place.ts';
import { endZombies, runScript, runWithPoint, type Database } from './run-script.ts';
import { besideScript, buildScript, lossScript, removeScript, swapScript } from './scripts.ts';

/** What the exchange writes down beside the file that it keeps. */
interface LossNote {
  tables: TableLoss[];
  lostMs: number;
  fencedMs: number;
}

/** Names of files are endings: what they are added to is the file of the store. */
export async function planRestore(database: Database, wish: RestoreWish): Promise<SwapPlan> {
  const { use } = database;
  const { point, replaced, named } = wish;
  if (named !== undefined) {
    throw new SwitchbackError('Unsupported', `store ${use.store} cannot be restored beside itself under a name`, {
      hint: 'Restore into another store of the plan, whose `path` or `file` is the one that you want.',
    });
  }
  if (point !== undefined) requireOwnPoint(point, wish.from ?? use.store, use);
  const kept = keptEnding(use);
  const found = await look(database, [kept, ...(replaced === undefined ? [] : [replaced])]);
  if (found.beside[kept] !== '') throw inTheWay(database, kept);
  if (replaced !== undefined && found.beside[replaced] === '') throw missing(database, replaced);
  return { before: identityOf(database, found.inode), incoming: replaced ?? incomingEnding(use), kept, open: true };
}

/** Tells by inodes, which no rename changes, whether the two files were exchanged. */
export async function restoreState(database: Database, plan: SwapPlan): Promise<'old' | 'new' | 'unknown'> {
  await endZombies(database);
  const { inode, beside } = await look(database, [plan.kept]);
  if (identityOf(database, inode) === plan.before) return 'old';
  return identityOf(database, beside[plan.kept] ?? '') === plan.before ? 'new' : 'unknown';
}

/** What a restore that is known to have been done did. */
export async function describeRestore(database: Database, plan: SwapPlan): Promise<RestoreOutcome> {
  const answer = await runScript(database, { script: lossScript, args: [plan.kept] });
  if (answer === '') {
    throw new SwitchbackError('EffectUnknown', `what was lost is not written down beside ${plan.kept} any more`, {
      hint: 'Compare the two files by hand, then say done-by-hand.',
    });
  }
  return outcomeOf(database, answerOf<LossNote>(answer, 'the exchange of two database files'), 0);
}

/**
 * Restores a point beside the live file, compares it with what was backed up, and exchanges the two under SQLite's own exclusive lock.
 * The replaced file is kept.
 * @throws `IntegrityFailed` (the point), `ValidationMismatch` (what came out of it), `PreconditionFailed`, `Busy`
 */
export async function restoreDatabase(database: Database, plan: SwapPlan, wish: RestoreWish): Promise<RestoreOutcome> {
  const started = performance.now();
  await endZombies(database);
  const { point } = wish;
  try {
    if (point !== undefined) await build(database, plan.incoming, point, wish);
    const note = await exchange(database, plan, point);
    return await outcomeOf(database, note, performance.now() - started);
  } catch (error) {
    if (point !== undefined) await removeIncoming(database, plan.incoming);
    throw error;
  }
}

async function build(database: Database, incoming: string, point: StoredPoint, wish: RestoreWish): Promise<void> {
  const { use } = database;
  requireOwnPoint(point, wish.from ?? use.store, use);
  use.progress({ doing: `checking recovery point ${point.manifest.point}` });
  const verified = await verifyPoint(point, { signal: use.signal });
  use.progress({ doing: `restoring ${point.manifest.point} beside ${database.place.name}` });
  const args = (file: string) => [incoming, file];
  const answer = await runWithPoint(database, verified, { script: buildScript, args, changes: 'build' });
  requireSameContent(readCanary(point.manifest.canary), readContent(answer));
}

async function exchange(database: Database, plan: SwapPlan, point: StoredPoint | undefined): Promise<LossNote> {
  const { use, engine } = database;
  const up = (await databaseUsers(engine, use)).filter(isUp);
  if (up.length > 0) throw stillUsed(database, up);
  const takenAt = point === undefined ? '' : String(Date.parse(readCanary(point.manifest.canary).takenAt));
  await use.fence();
  const inode = plan.before.slice(database.place.name.length + 1);
  const args = [inode, plan.incoming, plan.kept, takenAt];
  const answer = await runScript(database, { script: swapScript, args, changes: 'swap' });
  return answerOf<LossNote>(answer, 'the exchange of two database files');
}

async function outcomeOf(database: Database, note: LossNote, tookMs: number): Promise<RestoreOutcome> {
  const { inode } = await look(database);
  const loss: StateLoss = { ...summed(note.tables), lostSeconds: Math.max(0, note.lostMs) / 1000, measured: 'exact' };
  return {
    identity: identityOf(database, inode),
    loss,
    tookMs: Math.round(tookMs),
    fencedMs: note.fencedMs,
    warnings: [],
  };
}

/** After a failure; the signal may be aborted by then. */
async function removeIncoming(database: Database, incoming: string): Promise<void> {
  const unaborted = { ...database, job: { ...database.job, signal: new AbortController().signal } };
  await endZombies(unaborted)
    .then(() => runScript(unaborted, { script: removeScript, args: [incoming] }))
    .catch((error: unknown) =>
      database.use.log(`${incoming} was left behind, and is removed by the next attempt: ${String(error)}`),
    );
}

/** Files that operations restored into and never exchanged. */
export async function filesLeft(database: Database, operations: readonly OperationName[]): Promise<StoreLeftover[]> {
  const answer = await runScript(database, { script: besideScript });
  const endings = new Set(answer.split('\0'));
  return operations.flatMap(({ run, operation }): StoreLeftover[] => {
    const name = incomingEnding({ target: database.use.target, run, operation });
    return endings.has(name) ? [{ kind: 'scratch', name, run, operation }] : [];
  });
}

export async function clearFile(database: Database, { name }: StoreLeftover): Promise<void> {
  await runScript(database, { script: removeScript, args: [name] });
}

/** @throws `PreconditionFailed` where a point is of other data */
export function requireOwnPoint(point: StoredPoint, store: string, use: StoreUse): void {
  const { source, target } = point.manifest;
  if (source.kind === 'sqlite' && source.resource === `store:${store}` && target === use.target) return;
  throw new SwitchbackError(
    'PreconditionFailed',
    `recovery point ${point.manifest.run}/${point.manifest.point} is of ${source.resource} (${source.kind}) of ${target}, not of store ${store} of ${use.target}`,
    { hint: 'List the recovery points and name one of this store.' },
  );
}

function stillUsed({ place, use }: Database, users: readonly { name: string }[]): SwitchbackError {
  const names = users.map(({ name }) => name);
  return new SwitchbackError(
    'PreconditionFailed',
    `store ${use.store}: ${place.name} cannot be exchanged while containers run that mount it: ${names.join(', ')}`,
    {
      hint: `Each goes on with the file that it has opened. Stop them, then retry: \`docker stop ${names.join(' ')}\`.`,
    },
  );
}

const inTheWay = ({ place }: Database, ending: string) =>
  new SwitchbackError('Conflict', `beside ${place.name} there is already a file with the ending ${ending}`, {
    hint: 'Look what it is; move it away if it is not needed.',
  });

const missing = ({ place }: Database, ending: string) =>
  new SwitchbackError('PreconditionFailed', `beside ${place.name} there is no file with the ending ${ending}`, {
    hint: 'What was replaced has been moved away or removed: look for it.',
  });

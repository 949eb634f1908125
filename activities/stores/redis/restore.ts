import { randomUUID } from 'node:crypto';
import { SwitchbackError } from '../../../runbook/errors.ts';
import { dataFolder, verifyPoint, type StoredPoint } from '../../points/index.ts';
import type { OperationName, RestoreOutcome, RestoreWish, StoreLeftover, StoreUse, SwapPlan } from '../store.ts';
import { compareWithCanary, readCanary, takeCensus, type Census } from './canary.ts';
import { withConnection, type Connection } from './connection.ts';
import { copyKeys } from './copy-keys.ts';
import { identityKey, ownerKey } from './keys.ts';
import { measureLoss } from './loss.ts';
import { numberOf, requireOwnPoint, type Restoring } from './restore-plan.ts';
import { withScratchServer } from './scratch-server.ts';
import { inDatabase, readIdentity, serverFacts } from './server.ts';

/** Tells by the markers, which move with the data, whether the two databases were exchanged. */
export async function restoreState({ address, use }: Restoring, plan: SwapPlan): Promise<'old' | 'new' | 'unknown'> {
  const at = (database: number) => withConnection(inDatabase(address, database), use, readIdentity);
  const [live, kept] = [await at(address.database), await at(numberOf(plan.kept))];
  if (live === plan.before) return 'old';
  return live !== undefined && kept === plan.before ? 'new' : 'unknown';
}

/**
 * Fills an empty database from a point, compares it, and exchanges the two in one step. What is replaced is kept. What is lost is
 * counted right after the exchange, when no client changes the replaced data any more: nobody is held up for it.
 * @throws `IntegrityFailed` (the point), `ValidationMismatch` (what came out of it), `Conflict`, `ResourceExhausted`
 */
export async function restoreStore(restoring: Restoring, plan: SwapPlan, wish: RestoreWish): Promise<RestoreOutcome> {
  const { address, use } = restoring;
  const { point } = wish;
  const started = performance.now();
  const aside = inDatabase(address, numberOf(plan.kept));
  return withConnection(aside, use, async (incoming) => {
    if (point !== undefined) requireOwnPoint(point, wish.from ?? use.store, use);
    const census = point
      ? await build(restoring, incoming, point)
      : await takeCensus(incoming, use, 'reading what was replaced');
    const identity = await readIdentity(incoming);
    if (identity === undefined) throw exchanged(plan);
    await use.fence();
    await exchange(restoring, plan, identity);
    const takenAt = point && readCanary(point.manifest.canary).takenAt;
    const loss = await measureLoss(incoming, census.digests, takenAt, use);
    return { identity, loss, tookMs: Math.round(performance.now() - started), fencedMs: 0, warnings: [] };
  });
}

const ownerOf = ({ target, run, operation }: Pick<StoreUse, 'target' | 'run' | 'operation'>) =>
  JSON.stringify({ target, run, operation });

/** @throws `Conflict` where the database holds what is not ours */
async function build({ use }: Restoring, incoming: Connection, point: StoredPoint): Promise<Census> {
  use.progress({ doing: `checking recovery point ${point.manifest.point}` });
  await verifyPoint(point, { signal: use.signal });
  const canary = readCanary(point.manifest.canary);
  const folder = dataFolder(point);
  await claim(incoming, use);
  try {
    return await withScratchServer({ folder, ...canary }, use, async (scratch) => {
      await copyKeys(scratch, incoming, use, Number(await scratch.call('DBSIZE')));
      const census = await takeCensus(incoming, use, 'comparing keys');
      await compareWithCanary(census, canary, folder);
      return census;
    });
  } catch (error) {
    await drop(incoming, ownerOf(use)).catch((later: unknown) =>
      use.log(`a database that was being filled was left, and is emptied by the next attempt: ${String(later)}`),
    );
    throw error;
  }
}

/** Empties what an earlier attempt has filled, and marks the database as this operation's. */
async function claim(incoming: Connection, use: StoreUse): Promise<void> {
  await drop(incoming, ownerOf(use));
  const script = `if redis.call('dbsize') > 0 then return 0 end
    redis.call('set', KEYS[1], ARGV[1]) redis.call('set', KEYS[2], ARGV[2]) return 1`;
  const [owner, identity] = [ownerOf(use), `redis:${randomUUID()}`];
  if (Number(await incoming.call('EVAL', script, 2, ownerKey, identityKey, owner, identity)) === 1) return;
  throw new SwitchbackError('Conflict', 'the database that was empty when the restore was planned holds keys now', {
    hint: 'Look at what they are: `INFO keyspace`. Empty it, then retry.',
  });
}

/** Empties a database, if it still is the one that this operation fills. */
async function drop(incoming: Connection, owner: string): Promise<void> {
  const script = `if redis.call('get', KEYS[1]) == ARGV[1] then redis.call('flushdb', 'async') return 1 end return 0`;
  await incoming.call('EVAL', script, 1, ownerKey, owner);
}

/** Exchanges the two if both are what they were: an attempt that was overtaken exchanges nothing back. */
async function exchange({ address, use }: Restoring, plan: SwapPlan, incoming: string): Promise<void> {
  const script = `local function is(db, what) redis.call('select', db) return redis.call('get', KEYS[1]) == what end
    if not is(ARGV[1], ARGV[2]) or not is(ARGV[3], ARGV[4]) then return 0 end
    redis.call('del', KEYS[2]) redis.call('swapdb', ARGV[1], ARGV[3]) return 1`;
  const pair = [address.database, plan.before, numberOf(plan.kept), incoming];
  const done = await withConnection(address, use, (live) =>
    live.call('EVAL', script, 2, identityKey, ownerKey, ...pair),
  );
  if (Number(done) !== 1) throw exchanged(plan);
}

const exchanged = ({ kept }: SwapPlan) =>
  new SwitchbackError('Conflict', `the live database, or ${kept}, is not what it was when the restore was planned`, {
    hint: 'Somebody emptied or exchanged it. Look at `GET switchback:identity` in both, then plan again.',
  });

/** What a restore that is known to have been done did. What clients wrote since counts as lost as well, so it is an upper bound. */
export async function describeRestore({ address, use }: Restoring, plan: SwapPlan): Promise<RestoreOutcome> {
  return withConnection(address, use, async (live) => {
    const census = await takeCensus(live, use, 'reading what was restored');
    const identity = (await readIdentity(live)) ?? '';
    const aside = inDatabase(address, numberOf(plan.kept));
    const loss = await withConnection(aside, use, (kept) => measureLoss(kept, census.digests, undefined, use));
    return {
      ...{ identity, tookMs: 0, fencedMs: 0 },
      loss: { ...loss, measured: 'at least' },
      warnings: ['what is lost was counted later: keys that were written since may count'],
    };
  });
}

/** Databases that operations were filling and never exchanged. */
export async function databasesLeft(
  { address, use }: Restoring,
  operations: readonly OperationName[],
): Promise<StoreLeftover[]> {
  const owners = new Map(operations.map((name) => [ownerOf({ target: use.target, ...name }), name]));
  const { filled } = await withConnection(address, use, (live) => serverFacts(live, use));
  const left: StoreLeftover[] = [];
  for (const database of filled) {
    const owner = await withConnection(inDatabase(address, database), use, (each) => each.text('GET', ownerKey));
    const found = owners.get(owner);
    if (found !== undefined) left.push({ kind: 'scratch', name: `database ${database}`, ...found });
  }
  return left;
}

/** Empties it. One that is right by now is fine. */
export async function clearDatabase({ address, use }: Restoring, leftover: StoreLeftover): Promise<void> {
  const { run = '', operation = '' } = leftover;
  const aside = inDatabase(address, numberOf(leftover.name));
  await withConnection(aside, use, (each) => drop(each, ownerOf({ target: use.target, run, operation })));
}

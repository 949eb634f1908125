import type { StateLoss, StoreUse } from '../store.ts';
import type { Connection } from './connection.ts';
import { readKeys, scanKeys } from './keys.ts';

/**
 * Compares what is replaced with what replaces it, key by key.
 * @param other digest of each key (latin1) of what replaces it
 */
export async function measureLoss(
  replaced: Connection,
  other: ReadonlyMap<string, string>,
  takenAt: string | undefined,
  use: StoreUse,
): Promise<StateLoss> {
  const seen = new Set<string>();
  let [missing, different, both] = [0, 0, 0];
  for await (const batch of scanKeys(replaced)) {
    for (const { key, digest } of await readKeys(replaced, batch)) {
      const name = key.toString('latin1');
      if (seen.has(name)) continue;
      seen.add(name);
      const there = other.get(name);
      if (there === undefined) missing += 1;
      else if (there === digest) both += 1;
      else different += 1;
    }
    use.progress({ doing: 'measuring what is lost', done: seen.size, unit: 'keys' });
  }
  const returning = other.size - both - different;
  const changed = missing + different + returning > 0;
  return {
    lostRows: missing + different,
    lostSeconds: takenAt === undefined ? 0 : Math.max(0, Math.round((Date.now() - Date.parse(takenAt)) / 1000)),
    tables: changed ? [{ table: 'keys', missing, different, returning }] : [],
    measured: 'exact',
  };
}

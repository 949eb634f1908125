import type { StoreUse } from '../store.ts';
import type { Connection } from './connection.ts';
import { scanKeys } from './keys.ts';

/** Copies all keys with their expiry. What has expired by now is left out. */
export async function copyKeys(from: Connection, to: Connection, use: StoreUse, total: number): Promise<void> {
  let done = 0;
  for await (const batch of scanKeys(from)) {
    await Promise.all(
      batch.map(async (key) => {
        const [value, expiry] = await Promise.all([from.call('DUMP', key), from.call('PEXPIRETIME', key)]);
        if (!Buffer.isBuffer(value) || Number(expiry) === -2) return;
        const at = Math.max(0, Number(expiry));
        // A table that is being resized gives a key twice.
        await to.call('RESTORE', key, at, value, 'REPLACE', ...(at === 0 ? [] : ['ABSTTL']));
      }),
    );
    done += batch.length;
    use.progress({ doing: 'restoring keys', done, total, unit: 'keys' });
  }
}

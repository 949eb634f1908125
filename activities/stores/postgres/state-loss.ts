import type { StateLoss, TableLoss } from '../store.ts';
import type { Canary } from './canary.ts';
import { fingerprintTables, type TableFingerprint } from './fingerprint.ts';
import type { Session } from './session.ts';
import { secondsSince } from './swap-databases.ts';

/**
 * What restoring a point would lose now, told from its counts and fingerprints alone, without restoring it. Rows that were
 * changed can only be seen by the range that they are in, so the figures are the least that it can be.
 */
export async function estimateLoss(session: Session, canary: Canary): Promise<StateLoss> {
  const now = await session.transaction('begin isolation level repeatable read read only', () =>
    fingerprintTables(session, { how: canary.fingerprint.how, like: canary.fingerprint }),
  );
  const then = canary.fingerprint.tables;
  const names = [...new Set([...Object.keys(then), ...Object.keys(now.tables)])].filter(
    (name) => !name.startsWith('switchback.'),
  );
  const tables = names.sort().flatMap((table): TableLoss[] => {
    const loss = leastLoss(then[table], now.tables[table]);
    return loss.missing + loss.different + loss.returning > 0 ? [{ table, ...loss }] : [];
  });
  const lostRows = tables.reduce((sum, table) => sum + table.missing + table.different, 0);
  return { lostRows, lostSeconds: await secondsSince(session, canary.takenAt), tables, measured: 'at least' };
}

type Part = { rows: number; hash: string };
const nothing: Part = { rows: 0, hash: '0' };

function leastLoss(then: TableFingerprint | undefined, now: TableFingerprint | undefined): Omit<TableLoss, 'table'> {
  const pairs =
    then?.chunks && now?.chunks
      ? chunkPairs(then.chunks.parts, now.chunks.parts)
      : [[then ?? nothing, now ?? nothing] as const];
  const loss = { missing: 0, different: 0, returning: 0 };
  for (const [before, after] of pairs) {
    loss.missing += Math.max(0, after.rows - before.rows);
    loss.returning += Math.max(0, before.rows - after.rows);
    // As many rows as before, and not the same: at least one of them is another one.
    if (after.rows === before.rows && after.hash !== before.hash) loss.different += 1;
  }
  return loss;
}

type Parts = NonNullable<TableFingerprint['chunks']>['parts'];

function chunkPairs(then: Parts, now: Parts): (readonly [Part, Part])[] {
  const byChunk = (parts: Parts) =>
    new Map(parts.map(([chunk, rows, hash]): [number, Part] => [chunk, { rows, hash }]));
  const [before, after] = [byChunk(then), byChunk(now)];
  return [...new Set([...before.keys(), ...after.keys()])].map(
    (chunk) => [before.get(chunk) ?? nothing, after.get(chunk) ?? nothing] as const,
  );
}

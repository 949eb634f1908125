import { captureCatalog, type Catalog } from './capture-catalog.ts';
import { isUsedUp, movedBy } from './catalog-changes.ts';
import type { Session } from './session.ts';

/** Room for the numbers that others have taken since: they must not be given out once more. */
const roomForOthers = 10_000n;

/**
 * `setval` is not taken back with its transaction: a sequence that was set back would give numbers out that rows have already, and one
 * that was set to its end would give out none.
 */
export async function putSequencesForward(session: Session, before: Catalog): Promise<void> {
  const now = await session.reading(() => captureCatalog(session));
  const wrong = [...before.relations.values()].flatMap((old) => {
    const last = now.relations.get(old.oid)?.last;
    if (last === undefined || !old.counts) return [];
    const { by, from } = old.counts;
    const back = { oid: old.oid, last: old.last ?? from, usedUp: false };
    if (movedBy(old, last) < 0n) return [back];
    const room = String(BigInt(back.last) + roomForOthers * BigInt(by));
    return isUsedUp(old, last) ? [{ ...back, last: room, usedUp: true }] : [];
  });
  if (wrong.length === 0) return;
  await session.rows(
    `select pg_catalog.setval(was.oid::pg_catalog.regclass, was.last) from unnest($1::oid[], $2::int8[], $3::bool[]) as was(oid, last, used_up)
       join pg_catalog.pg_class c on c.oid = was.oid join pg_catalog.pg_namespace n on n.oid = c.relnamespace
       join pg_catalog.pg_sequences s on s.schemaname = n.nspname and s.sequencename = c.relname
      where was.used_up or (coalesce(s.last_value, s.start_value)::numeric - was.last) * sign(s.increment_by) < 0`,
    [wrong.map(({ oid }) => oid), wrong.map(({ last }) => last), wrong.map(({ usedUp }) => usedUp)],
  );
}

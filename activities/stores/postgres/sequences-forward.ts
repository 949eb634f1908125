import type { Catalog } from './capture-catalog.ts';
import type { Session } from './session.ts';

/** `setval` is not taken back with its transaction: a sequence that was set back would give numbers out that rows have already. */
export async function putSequencesForward(session: Session, before: Catalog): Promise<void> {
  const known = [...before.relations.values()].filter(({ last }) => last !== null);
  if (known.length === 0) return;
  await session.rows(
    `select pg_catalog.setval(c.oid::pg_catalog.regclass, was.last) from unnest($1::oid[], $2::int8[]) as was(oid, last)
       join pg_catalog.pg_class c on c.oid = was.oid join pg_catalog.pg_namespace n on n.oid = c.relnamespace
       join pg_catalog.pg_sequences s on s.schemaname = n.nspname and s.sequencename = c.relname
      where coalesce(s.last_value, s.start_value - 1) < was.last`,
    [known.map(({ oid }) => oid), known.map(({ last }) => last)],
  );
}

import { SwitchbackError } from '../../../runbook/errors.ts';
import { worksElsewhere } from '../../../runbook/guard/read-calls.ts';
import type { StoreUse } from '../store.ts';
import type { Session } from './session.ts';
import type { StepStatement } from './statements.ts';

/**
 * Functions of the database that a step calls by name may work in a session of their own, or on the server itself: no comparison sees that,
 * and no rollback takes it back. Their bodies say so, as far as they call by name.
 * @throws `Unsupported`
 */
export async function refuseElsewhere(session: Session, statements: StepStatement[], use: StoreUse): Promise<void> {
  const called = statements.flatMap(({ facts, line }) => facts.calls.map((key) => ({ name: nameIn(key), line })));
  if (called.length === 0) return;
  const bodies = await functionBodies(session);
  for (const { name, line } of called) {
    const found = reached(name, bodies);
    if (found === undefined) continue;
    throw new SwitchbackError(
      'Unsupported',
      `store ${use.store}, line ${line} of its SQL: ${name}() reaches ${found.name}(): ${found.message}`,
      { hint: found.hint },
    );
  }
}

const nameIn = (key: string) => key.split('.').at(-1) ?? '';

async function functionBodies(session: Session): Promise<Map<string, string[]>> {
  const bodies = new Map<string, string[]>();
  for (const { name, body } of await session.rows(
    `select proname as name, prosrc || ' ' || coalesce(whole, '') as body from (
       select p.proname, p.prosrc, case when p.prokind in ('f', 'p') and p.prosrc = '' then pg_get_functiondef(p.oid) end as whole
         from pg_proc p where p.oid >= 16384) f`,
  )) {
    const words = (body ?? '').match(/[\w$]+/g) ?? [];
    bodies.set(name ?? '', [...(bodies.get(name ?? '') ?? []), ...words]);
  }
  return bodies;
}

function reached(
  name: string,
  bodies: ReadonlyMap<string, readonly string[]>,
): { name: string; message: string; hint: string } | undefined {
  const seen = new Set([name]);
  for (const each of seen) {
    const why = worksElsewhere(each);
    if (why !== undefined) return { name: each, ...why };
    // A word that is no function leads nowhere.
    for (const word of bodies.get(each) ?? []) if (bodies.has(word) || /^(pg|lo)_/.test(word)) seen.add(word);
  }
  return undefined;
}

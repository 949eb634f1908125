import { SwitchbackError } from '../../../runbook/errors.ts';
import type { Session } from './session.ts';

/**
 * Settings that a step begins with, whatever its role or its database says. With another one the server would read another text than the
 * parser, fire no trigger, count no row, or call a commit done that a crash takes back.
 */
const pinned: Record<string, string> = {
  standard_conforming_strings: 'on',
  backslash_quote: 'safe_encoding',
  session_replication_role: 'origin',
  track_counts: 'on',
  row_security: 'on',
  check_function_bodies: 'on',
};

/** @throws `PreconditionFailed` where a role starts with one of them changed and may not put it right */
export async function pinSettings(session: Session, store: string): Promise<void> {
  const names = Object.keys(pinned);
  const rows = await session.rows('select name, setting from pg_catalog.pg_settings where name = any($1::text[])', [
    [...names, 'synchronous_commit'],
  ]);
  for (const { name, setting } of rows) {
    // Slower ways to commit are fine; only `off` answers before anything is on the disk.
    const wanted = name === 'synchronous_commit' ? (setting === 'off' ? 'on' : setting) : pinned[name ?? ''];
    if (wanted === undefined || wanted === null || setting === wanted) continue;
    try {
      await session.rows('select pg_catalog.set_config($1, $2, false)', [name, wanted]);
    } catch (error) {
      if (!(error instanceof SwitchbackError) || error.facts['code'] !== '42501') throw error;
      throw new SwitchbackError(
        'PreconditionFailed',
        `sessions of store ${store} begin with ${name} = ${setting}, and its role may not change that`,
        { hint: `ALTER ROLE … RESET ${name}, or ALTER DATABASE … RESET ${name}: steps need ${wanted}.` },
      );
    }
  }
}

import { SwitchbackError } from '../../../../runbook/errors.ts';
import type { StoreUse } from '../../store.ts';
import { quoteName } from '../quote.ts';
import type { Session } from '../session.ts';

/**
 * Makes sure that a server can be backed up by its files, before anything is begun.
 * @throws `AccessDenied` without the right to replicate, `PreconditionFailed` where the server writes too little log, `Unsupported` with
 * tablespaces
 */
export async function requireReplicable(session: Session, use: StoreUse): Promise<void> {
  const row = await session.row(
    `select current_user as name, rolsuper or rolreplication as may,
       pg_catalog.pg_has_role(current_user, 'pg_read_all_settings', 'member') as sees, current_setting('wal_level') as level,
       current_setting('max_wal_senders') as senders,
       (select string_agg(spcname, ', ') from pg_catalog.pg_tablespace where spcname not in ('pg_default', 'pg_global')) as spaces
     from pg_catalog.pg_roles where rolname = current_user`,
  );
  const name = row['name'] ?? '';
  if (row['may'] !== 't') {
    throw new SwitchbackError('AccessDenied', `user ${name} of store ${use.store} may not replicate the server`, {
      hint: `A physical backup needs the right: \`ALTER ROLE ${quoteName(name)} REPLICATION\`, as a superuser; or let the store have another user.`,
      facts: { store: use.store },
    });
  }
  if (row['sees'] !== 't') {
    throw new SwitchbackError(
      'AccessDenied',
      `user ${name} of store ${use.store} may not see where the server keeps its data`,
      {
        hint: `A physical backup needs to: \`GRANT pg_read_all_settings TO ${quoteName(name)}\`, as a superuser.`,
        facts: { store: use.store },
      },
    );
  }
  if (row['level'] === 'minimal' || Number(row['senders']) < 2) {
    throw new SwitchbackError(
      'PreconditionFailed',
      `the server of store ${use.store} has wal_level ${row['level']} and max_wal_senders ${row['senders']}`,
      {
        hint: 'A physical backup needs wal_level = replica and two free wal senders; both need a restart of the server.',
      },
    );
  }
  const { spaces = null } = row;
  if (spaces !== null) {
    throw new SwitchbackError('Unsupported', `the server of store ${use.store} has tablespaces: ${spaces}`, {
      hint: 'Their folders lie outside of the data directory, and one rename cannot exchange both. Take logical backups.',
      facts: { store: use.store },
    });
  }
}

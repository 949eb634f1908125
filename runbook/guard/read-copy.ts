import { readRowChanges } from './read-row-changes.ts';
import type { SqlCursor } from './sql-cursor.ts';
import type { SqlFacts } from './sql-facts.ts';

/** COPY: only a table's own rows from a file of the server are left to read; the rest reaches outside of SQL. */
export function readCopy(cursor: SqlCursor, facts: SqlFacts): void {
  if (cursor.has('program')) {
    facts.refusal = {
      message: 'COPY … PROGRAM runs a command on the database server',
      hint: 'Use a `run` step, which runs in a container of its own.',
    };
  } else if (cursor.has('stdin') || cursor.has('stdout')) {
    facts.refusal = {
      message: 'COPY from stdin or to stdout needs psql, which is not what runs the step',
      hint: 'Use INSERT, or a `run` step that calls psql.',
    };
  } else if (cursor.sees('(')) {
    readRowChanges(cursor, facts);
  } else {
    const table = cursor.name();
    if (cursor.skipPast('to')) {
      facts.refusal = {
        message: 'COPY … TO writes a file on the database server',
        hint: 'A backup of the store is `backup: [{ store: … }]`.',
      };
    } else if (table) facts.effects.push({ how: 'writes', action: 'COPY … FROM', table });
  }
}

import type { SqlCursor } from './sql-cursor.ts';
import type { SqlFacts } from './sql-facts.ts';

/** GRANT and REVOKE: rights on tables, one by one or by schema. */
export function readRights(cursor: SqlCursor, facts: SqlFacts, how: 'adds' | 'changes'): void {
  const { verb } = facts;
  if (!cursor.skipPast('on')) return;
  if (cursor.takes('all', 'tables', 'in', 'schema') || cursor.takes('all', 'sequences', 'in', 'schema')) {
    for (const { name } of cursor.names()) facts.effects.push({ how, action: verb, wide: { schema: name } });
    return;
  }
  cursor.takes('table');
  const elsewhere = [
    'schema',
    'database',
    'function',
    'procedure',
    'routine',
    'sequence',
    'type',
    'language',
    'foreign',
    'all',
  ];
  if (
    elsewhere.some((word) => cursor.sees(word)) &&
    cursor.peek(1)?.value !== ',' &&
    !cursor.sees(cursor.peek()?.value ?? '', 'to')
  ) {
    facts.effects.push({ how, action: verb });
    return;
  }
  for (const table of cursor.names()) facts.effects.push({ how, action: verb, table });
}

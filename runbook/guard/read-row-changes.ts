import type { SqlCursor } from './sql-cursor.ts';
import { showName, type SqlFacts } from './sql-facts.ts';

/** Finds every INSERT, UPDATE, DELETE and MERGE of a statement, also inside WITH, EXPLAIN and PREPARE. */
export function readRowChanges(cursor: SqlCursor, facts: SqlFacts): void {
  let depth = 0;
  let selects = false;
  for (; !cursor.done; cursor.at++) {
    const token = cursor.peek();
    if (token?.kind === 'symbol' && token.value === '(') depth++;
    if (token?.kind === 'symbol' && token.value === ')') depth--;
    if (token?.kind !== 'word') continue;
    const from = cursor.at;
    if (token.value === 'select') selects = true;
    if (cursor.takes('insert', 'into') || cursor.takes('merge', 'into')) {
      cursor.takes('only');
      const table = cursor.name();
      if (table) facts.effects.push({ how: 'writes', action: token.value === 'merge' ? 'MERGE' : 'INSERT', table });
      selects = false;
    } else if (cursor.takes('delete', 'from')) {
      cursor.takes('only');
      const table = cursor.name();
      if (table) {
        facts.effects.push({ how: 'discards', action: 'DELETE', table });
        facts.discards.push(`DELETE FROM ${showName(table)}`);
      }
    } else if (token.value === 'update' && beginsUpdate(cursor)) {
      cursor.at++;
      cursor.takes('only');
      const table = cursor.name();
      if (table) facts.effects.push({ how: 'writes', action: 'UPDATE', table });
    } else if (token.value === 'into' && selects && depth === 0) {
      facts.selectsInto = true;
    }
    cursor.at = from;
  }
}

/** Not `ON CONFLICT DO UPDATE`, `FOR UPDATE`, `ON UPDATE CASCADE`, `AFTER UPDATE ON`. */
function beginsUpdate(cursor: SqlCursor): boolean {
  const before = cursor.tokens[cursor.at - 1];
  const after = cursor.peek(1);
  if (after?.value === 'set' && after.kind === 'word') return false;
  if (after?.kind !== 'word' && after?.kind !== 'quoted') return false;
  return before?.kind !== 'word' || !['for', 'key', 'on', 'after', 'before', 'of', 'or', 'do'].includes(before.value);
}

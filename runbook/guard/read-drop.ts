import { otherObject, type SqlCursor } from './sql-cursor.ts';
import { objectKey, showName, type SqlFacts } from './sql-facts.ts';

/** DROP …: data for tables, schemas and databases; structure for the rest. */
export function readDrop(cursor: SqlCursor, facts: SqlFacts): void {
  const foreign = cursor.takes('foreign');
  const type = cursor.takes('materialized', 'view') ? 'materialized view' : cursor.peek()?.value;
  if (type !== 'materialized view') cursor.at++;
  const action = `DROP ${foreign ? 'FOREIGN ' : ''}${(type ?? '').toUpperCase()}`;
  facts.verb = action;
  const concurrently = cursor.takes('concurrently');
  cursor.takes('if', 'exists');
  const cascades = cursor.has('cascade');
  switch (type) {
    case 'table':
    case 'sequence':
      for (const table of cursor.names()) {
        facts.effects.push({ how: 'discards', action, table });
        facts.discards.push(`${action} ${showName(table)}`);
      }
      break;
    case 'view':
    case 'materialized view':
      for (const table of cursor.names()) facts.effects.push({ how: 'changes', action, table });
      break;
    case 'index':
      facts.alone = facts.harmlessOutside = concurrently;
      for (const index of cursor.names())
        facts.effects.push({ how: 'changes', action, part: objectKey(index, 'index') });
      break;
    case 'trigger':
    case 'policy':
    case 'rule': {
      const name = cursor.name();
      cursor.takes('on');
      const table = cursor.name();
      if (table && name) facts.effects.push({ how: 'changes', action, table, part: `${type} ${name.name}` });
      break;
    }
    case 'schema':
      for (const { name } of cursor.names()) {
        facts.effects.push({ how: 'discards', action, wide: { schema: name } });
        facts.discards.push(`${action} ${name}`);
      }
      break;
    case 'database':
    case 'tablespace':
    case 'owned':
      facts.alone = type !== 'owned';
      facts.effects.push({ how: 'discards', action, wide: 'database' });
      facts.discards.push(action);
      return;
    case 'subscription':
      facts.alone = true;
      facts.effects.push({ how: 'changes', action });
      return;
    default:
      facts.effects.push(...otherObject(cursor, action, type));
  }
  if (cascades) {
    // A type or an extension takes the columns with it that are made of it.
    const takesData = ![
      'view',
      'materialized view',
      'trigger',
      'policy',
      'rule',
      'index',
      'function',
      'procedure',
    ].includes(type ?? '');
    facts.effects.push({ how: takesData ? 'discards' : 'changes', action: `${action} … CASCADE`, wide: 'dependents' });
    if (takesData && facts.discards.length === 0) facts.discards.push(`${action} … CASCADE`);
  }
}

import { readRowChanges } from './read-row-changes.ts';
import type { SqlCursor } from './sql-cursor.ts';
import { objectKey, type SqlFacts } from './sql-facts.ts';

const adjectives = [
  'global',
  'local',
  'temporary',
  'temp',
  'unlogged',
  'unique',
  'recursive',
  'constraint',
  'trusted',
  'procedural',
  'foreign',
];

/** CREATE …: what it makes, and the existing tables that it adds something to. */
export function readCreate(cursor: SqlCursor, facts: SqlFacts): void {
  const replaces = cursor.takes('or', 'replace');
  while (cursor.takesOneOf(adjectives)) continue;
  const type = cursor.takes('materialized', 'view') ? 'materialized view' : cursor.peek()?.value;
  if (type !== 'materialized view') cursor.at++;
  facts.verb = `CREATE ${(type ?? '').toUpperCase()}`;
  const action = replaces ? `CREATE OR REPLACE ${(type ?? '').toUpperCase()}` : facts.verb;
  const how = replaces ? 'changes' : 'adds';
  switch (type) {
    case 'table':
    case 'view':
    case 'materialized view':
    case 'sequence': {
      const maybe = cursor.takes('if', 'not', 'exists');
      const table = cursor.name();
      if (!table) return;
      // With IF NOT EXISTS, or in place of another, it may be the one that was there.
      if (!maybe && !replaces) facts.makes.push(objectKey(table));
      facts.effects.push({ how, action, table });
      readParents(cursor, facts, action);
      readRowChanges(cursor, facts);
      return;
    }
    case 'index': {
      facts.alone = facts.harmlessOutside = cursor.takes('concurrently');
      cursor.takes('if', 'not', 'exists');
      const name = cursor.sees('on') ? undefined : cursor.name();
      cursor.skipPast('on');
      cursor.takes('only');
      const table = cursor.name();
      if (!table) return;
      facts.effects.push({ how, action, table });
      if (name) facts.makes.push(objectKey(name, 'index'));
      return;
    }
    case 'trigger':
    case 'policy': {
      const name = cursor.name();
      cursor.skipPast('on');
      const table = cursor.name();
      if (!table || !name) return;
      facts.effects.push({ how, action, table, part: `${type} ${name.name}` });
      if (!replaces) facts.makes.push(objectKey(table, `${type} ${name.name}`));
      return;
    }
    case 'rule': {
      const name = cursor.name();
      cursor.skipPast('to');
      const table = cursor.name();
      // A rule changes what the application's own statements do.
      if (table && name) facts.effects.push({ how: 'changes', action, table, part: `rule ${name.name}` });
      return;
    }
    case 'statistics': {
      if (!cursor.skipPast('from')) return;
      for (const table of cursor.names()) facts.effects.push({ how, action, table });
      return;
    }
    case 'database':
    case 'tablespace':
    case 'subscription':
      facts.alone = true;
      facts.effects.push({ how: 'adds', action });
      return;
    default: {
      const maybe = cursor.takes('if', 'not', 'exists');
      const name = cursor.name();
      const part = name === undefined ? undefined : objectKey(name, type);
      if (part !== undefined && !maybe && !replaces) facts.makes.push(part);
      facts.effects.push({ how, action, ...(part === undefined ? {} : { part }) });
    }
  }
}

/** Tables that a new table hangs on to: parents of partitions and the other end of foreign keys. */
export function readParents(cursor: SqlCursor, facts: SqlFacts, action: string): void {
  const from = cursor.at;
  for (; !cursor.done; cursor.at++) {
    const here = cursor.at;
    if (cursor.takes('references') || cursor.takes('partition', 'of') || cursor.takes('inherits', '(')) {
      for (const table of cursor.names())
        facts.effects.push({
          how: 'adds',
          action: `${action} … ${(cursor.tokens[here]?.value ?? '').toUpperCase()}`,
          table,
        });
    }
    cursor.at = here;
  }
  cursor.at = from;
}

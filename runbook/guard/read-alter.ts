import { readParents } from './read-create.ts';
import { otherObject, type SqlCursor } from './sql-cursor.ts';
import { showName, type SqlEffect, type SqlFacts, type SqlName } from './sql-facts.ts';

/** ALTER …: what of it only adds, what changes, what loses data. */
export function readAlter(cursor: SqlCursor, facts: SqlFacts): void {
  cursor.takes('foreign');
  const type = cursor.takes('materialized', 'view') ? 'materialized view' : cursor.peek()?.value;
  if (type !== 'materialized view') cursor.at++;
  const action = `ALTER ${(type ?? '').toUpperCase()}`;
  facts.verb = action;
  cursor.takes('if', 'exists');
  switch (type) {
    case 'table':
      readAlterTable(cursor, facts);
      return;
    case 'view':
    case 'materialized view':
    case 'sequence': {
      const table = cursor.name();
      if (table) facts.effects.push({ how: 'changes', action, table });
      return;
    }
    case 'trigger':
    case 'policy':
    case 'rule': {
      const name = cursor.name();
      cursor.takes('on');
      const table = cursor.name();
      if (table && name) facts.effects.push({ how: 'changes', action, table, part: `${type} ${name.name}` });
      return;
    }
    case 'type':
      cursor.name();
      facts.harmlessOutside = cursor.sees('add', 'value');
      facts.effects.push({ how: facts.harmlessOutside ? 'adds' : 'changes', action });
      return;
    case 'schema': {
      const name = cursor.name();
      if (name) facts.effects.push({ how: 'changes', action, wide: { schema: name.name } });
      return;
    }
    case 'database':
      facts.effects.push({ how: 'changes', action, wide: 'database' });
      return;
    case 'system':
      facts.alone = true;
      facts.effects.push({ how: 'changes', action, wide: 'database' });
      return;
    default:
      facts.effects.push(...otherObject(cursor, action, type));
  }
}

function readAlterTable(cursor: SqlCursor, facts: SqlFacts): void {
  if (cursor.takes('all', 'in', 'tablespace')) {
    facts.effects.push({ how: 'changes', action: 'ALTER TABLE ALL', wide: 'database' });
    return;
  }
  cursor.takes('only');
  const table = cursor.name();
  if (!table) return;
  cursor.takes('*');
  facts.alone = cursor.has('detach') && cursor.has('concurrently');
  for (const part of cursor.parts()) {
    const effect = readAction(part, table);
    facts.effects.push(effect);
    if (effect.how === 'discards') facts.discards.push(`${effect.action} of ${showName(table)}`);
  }
  readParents(cursor, facts, 'ALTER TABLE');
}

function readAction(part: SqlCursor, table: SqlName): SqlEffect {
  const effect = (how: SqlEffect['how'], action: string): SqlEffect => ({
    how,
    action: `ALTER TABLE … ${action}`,
    table,
  });
  if (part.takes('add')) {
    const constraint = part.takesOneOf(['constraint', 'primary', 'unique', 'check', 'foreign', 'exclude']);
    if (constraint !== undefined) return effect('adds', 'ADD CONSTRAINT');
    const filled = part.has('default') || part.has('generated') || part.has('serial') || part.has('bigserial');
    // The old version's inserts do not name the column, so the database would refuse them.
    if (part.has('not', 'null') && !filled) return effect('changes', 'ADD COLUMN … NOT NULL without a default');
    return effect('adds', 'ADD COLUMN');
  }
  if (part.takes('validate', 'constraint')) return effect('adds', 'VALIDATE CONSTRAINT');
  if (part.takes('drop')) {
    if (part.takes('constraint')) return effect('changes', 'DROP CONSTRAINT');
    part.takes('column');
    part.takes('if', 'exists');
    const column = part.name();
    return effect('discards', `DROP COLUMN ${column?.name ?? ''}`.trim());
  }
  if (part.takes('alter') && !part.sees('constraint')) {
    part.takes('column');
    const column = part.name();
    if (part.takes('drop', 'not', 'null')) return effect('adds', 'DROP NOT NULL');
    if (part.takes('set', 'statistics')) return effect('adds', 'SET STATISTICS');
    if (part.takes('set', 'data', 'type') || part.takes('type')) {
      const toText = part.takes('text') && part.done;
      // To text nothing is lost; from the new type alone it cannot be told whether it holds all that the old one held.
      return effect(toText ? 'changes' : 'discards', `ALTER COLUMN ${column?.name ?? ''} TYPE`);
    }
    return effect('changes', 'ALTER COLUMN');
  }
  const words = part.tokens.slice(part.at, part.at + 2).map(({ value }) => value.toUpperCase());
  return effect('changes', words.join(' '));
}

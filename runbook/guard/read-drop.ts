import { objectWords } from './object-words.ts';
import { objectKey, showName, type SqlFacts } from './sql-facts.ts';
import { anyNameOf, itemsOf, nameOf, nodesOf, type SqlFields } from './sql-tree.ts';

/** What goes with it holds no data: definitions alone. */
const withoutData = [
  'VIEW',
  'MATERIALIZED VIEW',
  'TRIGGER',
  'POLICY',
  'RULE',
  'INDEX',
  'FUNCTION',
  'PROCEDURE',
  'ROUTINE',
  'AGGREGATE',
];

/** DROP …: data for tables, schemas and extensions; structure for the rest. */
export function readDrop(fields: SqlFields, facts: SqlFacts): void {
  const type = objectWords(fields['removeType']);
  const action = `DROP ${type}`;
  facts.verb = action;
  const objects = Array.isArray(fields['objects']) ? fields['objects'] : [];
  for (const object of objects) readObject(type, object, facts);
  if (fields['concurrent'] === true) facts.alone = facts.harmlessOutside = true;
  if (fields['behavior'] !== 'DROP_CASCADE') return;
  // A type or an extension takes the columns with it that are made of it.
  const takesData = !withoutData.includes(type);
  facts.effects.push({ how: takesData ? 'discards' : 'changes', action: `${action} … CASCADE`, wide: 'dependents' });
  if (takesData && facts.discards.length === 0) facts.discards.push(`${action} … CASCADE`);
}

function readObject(type: string, object: unknown, facts: SqlFacts): void {
  const action = facts.verb;
  const name = anyNameOf(object);
  if (name === undefined) return;
  switch (type) {
    case 'TABLE':
    case 'FOREIGN TABLE':
    case 'SEQUENCE':
      facts.effects.push({ how: 'discards', action, table: name });
      facts.discards.push(`${action} ${showName(name)}`);
      return;
    case 'VIEW':
    case 'MATERIALIZED VIEW':
      facts.effects.push({ how: 'changes', action, table: name });
      return;
    case 'INDEX':
      facts.effects.push({ how: 'changes', action, part: objectKey(name, 'index') });
      return;
    case 'TRIGGER':
    case 'POLICY':
    case 'RULE': {
      // `DROP TRIGGER t ON a.b` names the table first: [a, b, t].
      const items = nodesOf([object]).flatMap(({ fields }) => itemsOf(fields['items']));
      const table = nameOf(items.slice(0, -1));
      if (table) facts.effects.push({ how: 'changes', action, table, part: `${type.toLowerCase()} ${name.name}` });
      return;
    }
    case 'SCHEMA':
      facts.effects.push({ how: 'discards', action, wide: { schema: name.name } });
      facts.discards.push(`${action} ${name.name}`);
      return;
    case 'EXTENSION':
      // An extension may keep rows in tables of its own.
      facts.effects.push({ how: 'discards', action, part: objectKey(name, 'extension') });
      facts.discards.push(`${action} ${name.name}`);
      return;
    case 'PUBLICATION':
    case 'CAST':
      facts.effects.push({
        how: 'changes',
        action,
        meaning: `the ${type.toLowerCase()} ${name.name}`,
        part: objectKey(name, type.toLowerCase()),
      });
      return;
    default:
      facts.effects.push({ how: 'changes', action, part: objectKey(name, type.toLowerCase()) });
  }
}

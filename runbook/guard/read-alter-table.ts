import { actionWords, objectWords } from './object-words.ts';
import { showName, type SqlEffect, type SqlFacts, type SqlName } from './sql-facts.ts';
import { nameOf, nodeOf, nodesOf, tableOf, textOf, fieldsOf, type SqlFields } from './sql-tree.ts';

/** ALTER TABLE …, and ALTER of what is like a table: what of it only adds, what changes, what loses data. */
export function readAlterTable(fields: SqlFields, facts: SqlFacts): void {
  const type = objectWords(fields['objtype']);
  facts.verb = `ALTER ${type}`;
  const table = tableOf(fields['relation']);
  if (table === undefined) return;
  const commands = nodesOf(fields['cmds']).map(({ fields: command }) => command);
  if (type === 'TYPE') {
    readAttributes(commands, table, facts);
    return;
  }
  for (const command of commands) {
    if (type === 'INDEX') {
      facts.effects.push({
        how: 'changes',
        action: facts.verb,
        part: `index ${table.schema ?? 'public'}.${table.name}`,
      });
    } else if (type === 'TABLE' || type === 'FOREIGN TABLE') {
      readCommand(command, table, facts);
    } else {
      facts.effects.push({ how: 'changes', action: facts.verb, table });
    }
    readOthers(command, facts);
  }
}

const additions: Record<string, string> = {
  AT_ValidateConstraint: 'VALIDATE CONSTRAINT',
  AT_DropNotNull: 'DROP NOT NULL',
  AT_SetStatistics: 'SET STATISTICS',
  AT_SetRelOptions: 'SET (…)',
  AT_ResetRelOptions: 'RESET (…)',
};

function readCommand(command: SqlFields, table: SqlName, facts: SqlFacts): void {
  const effect = (how: SqlEffect['how'], action: string) => {
    facts.effects.push({ how, action: `ALTER TABLE … ${action}`, table });
    if (how === 'discards') facts.discards.push(`ALTER TABLE … ${action} of ${showName(table)}`);
  };
  const subtype = textOf(command['subtype']);
  const name = textOf(command['name']);
  const definition = nodeOf(command['def']).fields;
  switch (subtype) {
    case 'AT_AddConstraint':
      effect('adds', 'ADD CONSTRAINT');
      return;
    case 'AT_AddColumn':
      // The old version's inserts do not name the column, so the database would refuse them.
      if (isMissed(definition)) effect('changes', 'ADD COLUMN … NOT NULL without a default');
      else effect('adds', 'ADD COLUMN');
      return;
    case 'AT_DropColumn':
      effect('discards', `DROP COLUMN ${name}`);
      return;
    case 'AT_AlterColumnType': {
      const target = nameOf(fieldsOf(definition['typeName'])['names']);
      const plain = target?.name === 'text' && definition['raw_default'] === undefined;
      // To text nothing is lost; from the new type alone it cannot be told whether it holds all that the old one held.
      effect(plain ? 'changes' : 'discards', `ALTER COLUMN ${name} TYPE`);
      return;
    }
    case 'AT_DropConstraint':
      effect('changes', 'DROP CONSTRAINT');
      break;
    case 'AT_DetachPartition':
      facts.alone ||= fieldsOf(definition)['concurrent'] === true;
      facts.harmlessOutside ||= fieldsOf(definition)['concurrent'] === true;
      effect('changes', 'DETACH PARTITION');
      return;
    case 'AT_ColumnDefault':
    case 'AT_SetNotNull':
    case 'AT_SetStorage':
    case 'AT_SetCompression':
      effect('changes', 'ALTER COLUMN');
      return;
    default: {
      const added = additions[subtype];
      effect(added === undefined ? 'changes' : 'adds', added ?? actionWords(subtype));
    }
  }
  if (command['behavior'] === 'DROP_CASCADE') {
    facts.effects.push({
      how: 'changes',
      action: `ALTER TABLE … ${actionWords(subtype)} … CASCADE`,
      wide: 'dependents',
    });
  }
}

/** A new column that every writer has to fill. */
function isMissed(column: SqlFields): boolean {
  const constraints = nodesOf(column['constraints']).map(({ fields }) => textOf(fields['contype']));
  const serial = /^(small|big)?serial[248]?$/.test(nameOf(fieldsOf(column['typeName'])['names'])?.name ?? '');
  const filled = constraints.some((each) => ['CONSTR_DEFAULT', 'CONSTR_IDENTITY', 'CONSTR_GENERATED'].includes(each));
  const needed = constraints.some((each) => each === 'CONSTR_NOTNULL' || each === 'CONSTR_PRIMARY');
  return needed && !filled && !serial;
}

/** The table at the other end: of a foreign key, a partition, an inheritance. */
function readOthers(command: SqlFields, facts: SqlFacts): void {
  const { kind, fields } = nodeOf(command['def']);
  const subtype = textOf(command['subtype']);
  if (subtype === 'AT_AttachPartition' || subtype === 'AT_DetachPartition') {
    const partition = tableOf(fields['name']);
    const action = `ALTER TABLE … ${actionWords(subtype)}`;
    if (partition) facts.effects.push({ how: 'changes', action, table: partition });
  }
  if (kind === 'RangeVar' && (subtype === 'AT_AddInherit' || subtype === 'AT_DropInherit')) {
    const parent = tableOf(fields);
    // The rows of the child are read as rows of its parent from then on.
    if (parent) facts.effects.push({ how: 'changes', action: `ALTER TABLE … ${actionWords(subtype)}`, table: parent });
  }
}

/** ALTER TYPE … ADD, DROP and ALTER ATTRIBUTE: columns of the type have other values, or lose some. */
function readAttributes(commands: SqlFields[], type: SqlName, facts: SqlFacts): void {
  for (const command of commands) {
    const words = actionWords(command['subtype']).replace(/COLUMN( TYPE)?/, 'ATTRIBUTE$1');
    const action = `ALTER TYPE … ${words}`;
    const loses = command['subtype'] !== 'AT_AddColumn';
    facts.effects.push({
      how: loses ? 'discards' : 'changes',
      action,
      meaning: `the type ${showName(type)}`,
      part: `type ${type.schema ?? 'public'}.${type.name}`,
    });
    if (loses) facts.discards.push(`${action} ${textOf(command['name'])} of ${showName(type)}`);
  }
}

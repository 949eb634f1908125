import { objectWords } from './object-words.ts';
import { objectKey, showName, type SqlFacts, type SqlName } from './sql-facts.ts';
import { anyNameOf, nameOf, nodesOf, stringOf, tableOf, textOf, type SqlFields } from './sql-tree.ts';

const tables = ['TABLE', 'FOREIGN TABLE', 'VIEW', 'MATERIALIZED VIEW', 'SEQUENCE'];
const parts = ['TRIGGER', 'POLICY', 'RULE'];
/** Columns are made of them, and rows are read and written through them. */
const meanings = ['TYPE', 'DOMAIN', 'PUBLICATION', 'COLLATION', 'CAST', 'EXTENSION', 'SUBSCRIPTION', 'EVENT TRIGGER', 'SERVER', 'FOREIGN DATA WRAPPER', 'LARGE OBJECT']; // prettier-ignore

function changeObject(type: string, action: string, name: SqlName | undefined, facts: SqlFacts): void {
  if (name === undefined) {
    facts.effects.push({ how: 'changes', action });
    return;
  }
  const [kind, part] = [type.toLowerCase(), objectKey(name, type.toLowerCase())];
  if (type === 'SCHEMA') facts.effects.push({ how: 'changes', action, wide: { schema: name.name }, part });
  else if (type === 'DATABASE') facts.effects.push({ how: 'changes', action, wide: 'database' });
  else {
    const meaning = meanings.includes(type) ? { meaning: `the ${kind} ${showName(name)}` } : {};
    facts.effects.push({ how: 'changes', action, part, ...meaning });
  }
  if (['DATABASE', 'ROLE', 'TABLESPACE'].includes(type)) facts.globals.push(`${kind} ${name.name}`);
}

/** ALTER … RENAME. */
export function readRename(fields: SqlFields, facts: SqlFacts): void {
  const type = objectWords(fields['renameType']);
  const relation = tableOf(fields['relation']);
  const owner = objectWords(fields['relationType']);
  const column = type === 'COLUMN' || type === 'CONSTRAINT' || type === 'ATTRIBUTE';
  facts.verb = `ALTER ${column ? owner || 'TABLE' : type}`;
  if (type === 'ATTRIBUTE') {
    changeObject('TYPE', 'ALTER TYPE … RENAME ATTRIBUTE', relation, facts);
  } else if (type === 'CONSTRAINT' && relation === undefined) {
    changeObject(
      'DOMAIN',
      'ALTER DOMAIN … RENAME CONSTRAINT',
      anyNameOf(fields['object']) ?? nameOf(fields['object']),
      facts,
    );
  } else if (relation !== undefined && parts.includes(type)) {
    const part = `${type.toLowerCase()} ${textOf(fields['subname'])}`;
    facts.effects.push({ how: 'changes', action: `ALTER ${type} … RENAME TO`, table: relation, part });
  } else if (relation !== undefined && type === 'INDEX') {
    facts.effects.push({ how: 'changes', action: 'ALTER INDEX … RENAME TO', part: objectKey(relation, 'index') });
  } else if (relation !== undefined) {
    const what = column ? `RENAME ${type}` : 'RENAME TO';
    facts.effects.push({ how: 'changes', action: `${facts.verb} … ${what}`, table: relation });
  } else {
    const name = anyNameOf(fields['object']) ?? { name: textOf(fields['subname']) };
    changeObject(type, `ALTER ${type} … RENAME TO`, name, facts);
  }
}

/** ALTER … OWNER TO, and ALTER … SET SCHEMA. */
export function readOwnerOrSchema(fields: SqlFields, facts: SqlFacts, what: 'OWNER TO' | 'SET SCHEMA'): void {
  const type = objectWords(fields['objectType']);
  facts.verb = `ALTER ${type}`;
  const relation = tableOf(fields['relation']);
  const action = `ALTER ${type} … ${what}`;
  if (relation !== undefined && tables.includes(type)) {
    facts.effects.push({ how: 'changes', action, table: relation });
    return;
  }
  changeObject(type, action, anyNameOf(fields['object']), facts);
}

/** ALTER TYPE … ADD VALUE adds; RENAME VALUE changes what every row with that value says. */
export function readEnum(fields: SqlFields, facts: SqlFacts): void {
  const type = nameOf(fields['typeName']);
  const renames = fields['oldVal'] !== undefined;
  facts.verb = 'ALTER TYPE';
  facts.harmlessOutside = !renames;
  const action = `ALTER TYPE … ${renames ? 'RENAME' : 'ADD'} VALUE`;
  if (renames) changeObject('TYPE', action, type, facts);
  else facts.effects.push({ how: 'adds', action, ...(type ? { part: objectKey(type, 'type') } : {}) });
}

export function readDomain(fields: SqlFields, facts: SqlFacts): void {
  facts.verb = 'ALTER DOMAIN';
  const subtype = textOf(fields['subtype'])
    .replace(/^AD_/, '')
    .replace(/([a-z])([A-Z])/g, '$1 $2')
    .toUpperCase();
  const letters: Record<string, string> = {
    T: 'SET DEFAULT',
    N: 'DROP NOT NULL',
    O: 'SET NOT NULL',
    C: 'ADD CONSTRAINT',
    X: 'DROP CONSTRAINT',
    V: 'VALIDATE CONSTRAINT',
  };
  const action = `ALTER DOMAIN … ${letters[subtype] ?? subtype}`;
  const name = nameOf(fields['typeName']);
  if (subtype === 'V') facts.effects.push({ how: 'adds', action });
  else changeObject('DOMAIN', action, name, facts);
}

export function readPublication(fields: SqlFields, facts: SqlFacts): void {
  const name = { name: textOf(fields['pubname']) };
  facts.verb = 'ALTER PUBLICATION';
  const published = publishedTables(fields);
  const schemas = publishedSchemas(fields);
  // Without objects it changes options, whatever the action says.
  const adds = textOf(fields['action']) === 'AP_AddObjects' && published.length + schemas.length > 0;
  for (const schema of schemas) facts.effects.push({ how: 'adds', action: facts.verb, wide: { schema } });
  if (!adds) changeObject('PUBLICATION', facts.verb, name, facts);
  for (const table of published) facts.effects.push({ how: 'adds', action: facts.verb, table });
}

/** Tables that a publication names: their changes are sent, and need a way to tell their rows apart. */
export function publishedTables(fields: SqlFields): SqlName[] {
  return nodesOf(fields['pubobjects']).flatMap(({ fields: object }) => {
    const inner = object['pubtable'] as SqlFields | undefined;
    const table = inner === undefined ? undefined : tableOf(inner['relation']);
    return table === undefined ? [] : [table];
  });
}

/** `TABLES IN SCHEMA` of a publication. */
export function publishedSchemas(fields: SqlFields): string[] {
  return nodesOf(fields['pubobjects']).flatMap(({ fields: object }) => {
    const type = textOf(object['pubobjtype']);
    if (type.endsWith('CUR_SCHEMA')) return ['public'];
    return type.endsWith('IN_SCHEMA') ? [textOf(object['name'])] : [];
  });
}

/** ALTER … DEPENDS ON EXTENSION: with the extension goes what depends on it, without CASCADE. */
export function readDepends(fields: SqlFields, facts: SqlFacts): void {
  const type = objectWords(fields['objectType']);
  const action = `ALTER ${type} … DEPENDS ON EXTENSION`;
  facts.verb = `ALTER ${type}`;
  const table = tableOf(fields['relation']);
  if (table !== undefined) facts.effects.push({ how: 'changes', action, table });
  else changeObject(type, action, anyNameOf(fields['object']), facts);
}

/** ALTER EXTENSION … ADD and DROP: what belongs to an extension is in no dump. */
export function readExtensionContents(fields: SqlFields, facts: SqlFacts): void {
  facts.verb = 'ALTER EXTENSION';
  const type = objectWords(fields['objtype']);
  const action = `ALTER EXTENSION … ${fields['action'] === 1 ? 'ADD' : 'DROP'} ${type}`;
  const name = anyNameOf(fields['object']);
  if (name !== undefined && tables.includes(type)) facts.effects.push({ how: 'changes', action, table: name });
  else changeObject('EXTENSION', action, { name: textOf(fields['extname']) }, facts);
}

/** ALTER of something whose name stands in one field, and that other things are made of. */
export function readAlterObject(type: string, name: SqlName | undefined, facts: SqlFacts): void {
  facts.verb = `ALTER ${type}`;
  changeObject(type, facts.verb, name, facts);
}

export const nameIn = (value: unknown): SqlName | undefined => {
  const text = typeof value === 'string' ? value : stringOf(value);
  return text === undefined || text === '' ? undefined : { name: text };
};

import { objectWords } from './object-words.ts';
import { objectKey, showName, type SqlFacts, type SqlName } from './sql-facts.ts';
import { anyNameOf, fieldsOf, nameOf, nodesOf, tableOf, textOf, visitNodes, type SqlFields } from './sql-tree.ts';

/** A table, view or sequence of that name. */
export function readNewTable(fields: SqlFields, facts: SqlFacts, type: string, name: SqlName | undefined): void {
  const replaces = fields['replace'] === true;
  facts.verb = replaces ? `CREATE OR REPLACE ${type}` : `CREATE ${type}`;
  if (name === undefined) return;
  // With IF NOT EXISTS, or in place of another, it may be the one that was there.
  if (fields['if_not_exists'] !== true && !replaces) facts.makes.push(objectKey(name));
  facts.effects.push({ how: replaces ? 'changes' : 'adds', action: facts.verb, table: name });
}

export function readCreateTable(fields: SqlFields, facts: SqlFacts, type = 'TABLE'): void {
  const base = 'base' in fields ? fieldsOf(fields['base']) : fields;
  const relation = base['relation'] ?? fields['relation'];
  readNewTable(base, facts, type, tableOf(relation));
  const adds = (word: string, table: SqlName | undefined) => {
    if (table) facts.effects.push({ how: 'adds', action: `CREATE TABLE … ${word}`, table });
  };
  const parents = nodesOf(base['inhRelations']).map(({ fields: parent }) => tableOf(parent));
  for (const parent of parents) adds(base['partbound'] === undefined ? 'INHERITS' : 'PARTITION', parent);
}

/** Foreign keys, wherever a statement defines them: the table that they refer to gets triggers by them. */
export function readReferences(root: unknown, facts: SqlFacts): void {
  visitNodes(root, (kind, fields) => {
    const table = kind === 'Constraint' ? tableOf(fields['pktable']) : undefined;
    if (table) facts.effects.push({ how: 'adds', action: `${facts.verb} … REFERENCES`, table });
  });
}

export function readIndex(fields: SqlFields, facts: SqlFacts): void {
  facts.verb = 'CREATE INDEX';
  facts.alone = facts.harmlessOutside = fields['concurrent'] === true;
  const table = tableOf(fields['relation']);
  if (table === undefined) return;
  facts.effects.push({ how: 'adds', action: facts.verb, table });
  if (facts.alone) hideUnknownOperators(fields, facts);
  const name = textOf(fields['idxname']);
  if (name === '' || fields['if_not_exists'] === true) return;
  facts.makes.push(objectKey(table.schema === undefined ? { name } : { schema: table.schema, name }, 'index'));
}

/** Outside of a transaction nothing takes back what the function of somebody's operator does. */
function hideUnknownOperators(fields: SqlFields, facts: SqlFacts): void {
  visitNodes(fields, (kind, { name, kind: sort }) => {
    const operator = kind === 'A_Expr' && sort === 'AEXPR_OP' ? nameOf(name) : undefined;
    if (operator === undefined || operator.schema === 'pg_catalog') return;
    if (operator.schema === undefined && ownOperators.has(operator.name)) return;
    facts.hidden ??= `it uses the operator ${operator.name}, whose function may do anything`;
  });
}

const ownOperators = new Set('= <> != < > <= >= + - * / % ^ | & # ~ << >> || ~~ !~~ ~~* !~~* ~* !~ !~* @> <@ && -> ->> #> #>> ? ?| ?& @@ @? -|-'.split(' ')); // prettier-ignore

/** A trigger, policy or rule: a part of a table with a name of its own. */
export function readPart(fields: SqlFields, facts: SqlFacts, type: 'trigger' | 'policy' | 'rule'): void {
  const replaces = fields['replace'] === true;
  facts.verb = `CREATE ${replaces ? 'OR REPLACE ' : ''}${type.toUpperCase()}`;
  const table = tableOf(fields['relation'] ?? fields['table']);
  const part = `${type} ${textOf(fields['trigname'] ?? fields['policy_name'] ?? fields['rulename'])}`;
  if (table === undefined) return;
  // A rule changes what the application's own statements do.
  const how = replaces || type === 'rule' ? 'changes' : 'adds';
  facts.effects.push({ how, action: facts.verb, table, part });
  if (how === 'adds') facts.makes.push(objectKey(table, part));
}

/** Something that is neither table nor part of one: a function, a type, a schema. */
export function readNewObject(facts: SqlFacts, type: string, name: SqlName | undefined, replaces = false): void {
  facts.verb = `CREATE ${replaces ? 'OR REPLACE ' : ''}${type.toUpperCase()}`;
  const part = name && objectKey(name, type);
  facts.effects.push({
    how: replaces ? 'changes' : 'adds',
    action: facts.verb,
    ...(part === undefined ? {} : { part }),
  });
  if (part !== undefined && !replaces) facts.makes.push(part);
}

export function readDefinition(fields: SqlFields, facts: SqlFacts): void {
  const type = objectWords(fields['kind']).toLowerCase();
  const maybe = fields['replace'] === true || fields['if_not_exists'] === true;
  readNewObject(facts, type, nameOf(fields['defnames']), maybe);
}

export function readStatistics(fields: SqlFields, facts: SqlFacts): void {
  facts.verb = 'CREATE STATISTICS';
  for (const { fields: table } of nodesOf(fields['relations'])) {
    const name = tableOf(table);
    if (name) facts.effects.push({ how: 'adds', action: facts.verb, table: name });
  }
}

/** A cast that PostgreSQL applies by itself gives statements another meaning that are written already. */
export function readCast(fields: SqlFields, facts: SqlFacts): void {
  facts.verb = 'CREATE CAST';
  const names = [fields['sourcetype'], fields['targettype']].map((type) => nameOf(fieldsOf(type)['names']));
  const shown = names.map((name) => (name === undefined ? '?' : showName(name))).join(' as ');
  const byItself = fields['context'] !== 'COERCION_EXPLICIT';
  facts.effects.push({
    how: byItself ? 'changes' : 'adds',
    action: facts.verb,
    ...(byItself ? { meaning: `casts of ${shown}` } : {}),
  });
}

export const firstName = (value: unknown): SqlName | undefined => nameOf(value) ?? anyNameOf(value);

import { readLastingSetting } from './read-settings.ts';
import { objectWords } from './object-words.ts';
import { objectKey, showName, type SqlFacts } from './sql-facts.ts';
import { anyNameOf, fieldsOf, nodesOf, optionsOf, tableOf, textOf, type SqlFields } from './sql-tree.ts';

const roleKey = (name: string) => `role public.${name}`;

/** A role as it is named: by its name, or as whoever is connected. */
function roleName(value: unknown): string {
  const fields = fieldsOf(value);
  const role = 'RoleSpec' in fields ? fieldsOf(fields['RoleSpec']) : fields;
  const special: Record<string, string> = { ROLESPEC_PUBLIC: 'public', ROLESPEC_CSTRING: textOf(role['rolename']) };
  return special[textOf(role['roletype'])] ?? 'the current user';
}

export function readCreateRole(fields: SqlFields, facts: SqlFacts): void {
  const name = textOf(fields['role']);
  facts.verb = 'CREATE ROLE';
  facts.globals.push(`role ${name}`);
  facts.makes.push(roleKey(name));
  facts.effects.push({ how: 'adds', action: facts.verb, part: roleKey(name) });
}

/** Rights that reach past all others: with them, policies and grants on protected tables are nothing. */
const pastAllRights = ['superuser', 'bypassrls'];

export function readAlterRole(fields: SqlFields, facts: SqlFacts): void {
  const name = roleName(fields['role']);
  facts.verb = 'ALTER ROLE';
  facts.globals.push(`role ${name}`);
  const options = [...optionsOf(fields['options']).keys()];
  const reaches = options.find((option) => pastAllRights.includes(option));
  facts.effects.push({
    how: 'changes',
    action: reaches === undefined ? facts.verb : `ALTER ROLE … ${reaches.toUpperCase()}`,
    part: roleKey(name),
    ...(reaches === undefined ? {} : { meaning: `what ${name} may do with every table` }),
  });
}

export function readAlterRoleSet(fields: SqlFields, facts: SqlFacts): void {
  const name = fields['role'] === undefined ? 'all roles' : `role ${roleName(fields['role'])}`;
  readLastingSetting(fields, name, fields['role'] === undefined ? undefined : roleKey(roleName(fields['role'])), facts);
}

export function readAlterDatabaseSet(fields: SqlFields, facts: SqlFacts): void {
  readLastingSetting(fields, `database ${textOf(fields['dbname'])}`, undefined, facts);
}

export function readDropRole(fields: SqlFields, facts: SqlFacts): void {
  facts.verb = 'DROP ROLE';
  for (const name of nodesOf(fields['roles']).map(({ fields: role }) => roleName(role))) {
    facts.globals.push(`role ${name}`);
    facts.effects.push({ how: 'changes', action: facts.verb, part: roleKey(name) });
  }
}

/** GRANT role TO role, and its REVOKE. */
export function readGrantRole(fields: SqlFields, facts: SqlFacts): void {
  const grants = fields['is_grant'] === true;
  facts.verb = grants ? 'GRANT' : 'REVOKE';
  const members = nodesOf(fields['grantee_roles']).map(({ fields: role }) => roleName(role));
  for (const { fields: role } of nodesOf(fields['granted_roles'])) {
    facts.globals.push(`membership of ${members.join(', ')} in ${textOf(role['priv_name'])}`);
  }
  facts.effects.push({ how: grants ? 'adds' : 'changes', action: facts.verb });
}

/** GRANT and REVOKE: rights on tables, one by one or by schema, and on other things. */
export function readGrant(fields: SqlFields, facts: SqlFacts): void {
  const how = fields['is_grant'] === true ? 'adds' : 'changes';
  facts.verb = how === 'adds' ? 'GRANT' : 'REVOKE';
  const type = textOf(fields['objtype']);
  const onTables = type === 'OBJECT_TABLE' || type === 'OBJECT_SEQUENCE';
  const objects = nodesOf(fields['objects']);
  if (textOf(fields['targtype']) === 'ACL_TARGET_ALL_IN_SCHEMA' && onTables) {
    for (const { fields: schema } of objects)
      facts.effects.push({ how, action: facts.verb, wide: { schema: textOf(schema['sval']) } });
    return;
  }
  const kind = objectWords(type);
  const listed = nodesOf(fields['privileges']).map(({ fields: privilege }) => textOf(privilege['priv_name']));
  // To make more beside it is no right to what is there.
  const takes = how === 'changes' && (listed.length === 0 || listed.some((each) => !besideRights.has(each)));
  for (const { kind: node, fields: object } of objects) {
    const name = textOf(object['sval']);
    if (node === 'RangeVar' && onTables) {
      const table = tableOf(object);
      if (table) facts.effects.push({ how, action: facts.verb, table });
    } else if (takes && kind === 'SCHEMA') {
      facts.effects.push({ how, action: facts.verb, wide: { schema: name }, part: objectKey({ name }, 'schema') });
    } else if (takes && takenFrom.has(kind)) {
      const of = anyNameOf({ [node]: object }) ?? { name };
      const meaning =
        kind === 'LARGE OBJECT'
          ? 'large objects, which rows may refer to'
          : `who may use the ${kind.toLowerCase()} ${showName(of)}`;
      facts.effects.push({ how, action: facts.verb, meaning, part: objectKey(of, kind.toLowerCase()) });
    } else facts.effects.push({ how, action: facts.verb });
    const global = beside[type];
    if (global !== undefined) facts.globals.push(`rights on ${global} ${name}`);
  }
}

const besideRights = new Set(['create', 'temporary', 'temp']);
/** Of functions and the like only the catalogue knows who uses them. */
const takenFrom = new Set(['TYPE', 'DOMAIN', 'LANGUAGE', 'SERVER', 'FOREIGN DATA WRAPPER', 'DATABASE', 'LARGE OBJECT']);
const beside: Record<string, string> = {
  OBJECT_DATABASE: 'database',
  OBJECT_TABLESPACE: 'tablespace',
  OBJECT_PARAMETER_ACL: 'setting',
};

/** ALTER DATABASE: its limits, which can be changed inside a transaction. */
export function readAlterDatabase(fields: SqlFields, facts: SqlFacts): void {
  const name = textOf(fields['dbname']);
  facts.verb = 'ALTER DATABASE';
  facts.alone = optionsOf(fields['options']).has('tablespace');
  facts.globals.push(`database ${name}`);
  facts.effects.push({ how: 'changes', action: facts.verb, meaning: `who may use the database ${name}` });
}

/** A database or a tablespace: neither in a transaction nor in a dump. */
export function readServerObject(verb: string, name: string, facts: SqlFacts): void {
  facts.verb = verb;
  facts.alone = true;
  facts.globals.push(`${verb.split(' ')[1]?.toLowerCase() ?? ''} ${name}`.trim());
  if (!verb.startsWith('DROP')) {
    facts.effects.push({
      how: verb.startsWith('CREATE') ? 'adds' : 'changes',
      action: verb,
      part: objectKey({ name }, verb),
    });
    return;
  }
  facts.effects.push({ how: 'discards', action: verb, wide: 'database' });
  facts.discards.push(verb);
}

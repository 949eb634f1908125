import { objectKey, showName, type SqlFacts } from './sql-facts.ts';
import { fieldsOf, nodesOf, optionsOf, tableOf, textOf, type SqlFields } from './sql-tree.ts';

export function readTruncate(fields: SqlFields, facts: SqlFacts): void {
  facts.verb = 'TRUNCATE';
  for (const { fields: relation } of nodesOf(fields['relations'])) {
    const table = tableOf(relation);
    if (table === undefined) continue;
    facts.effects.push({ how: 'discards', action: 'TRUNCATE', table });
    facts.discards.push(`TRUNCATE ${showName(table)}`);
  }
  if (fields['behavior'] === 'DROP_CASCADE')
    facts.effects.push({ how: 'discards', action: 'TRUNCATE … CASCADE', wide: 'dependents' });
}

export function readRefresh(fields: SqlFields, facts: SqlFacts): void {
  // Also CONCURRENTLY it can run inside a transaction, and its query may call anything.
  facts.verb = 'REFRESH MATERIALIZED VIEW';
  const table = tableOf(fields['relation']);
  if (table) facts.effects.push({ how: 'writes', action: facts.verb, table });
}

export function readCluster(fields: SqlFields, facts: SqlFacts): void {
  facts.verb = 'CLUSTER';
  const table = tableOf(fields['relation']);
  facts.effects.push({ how: 'changes', action: 'CLUSTER', ...(table ? { table } : { wide: 'database' as const }) });
  facts.alone = table === undefined;
}

/** An option that is there without a value, or with one that is not `false`. */
function isOn(options: Map<string, unknown>, name: string): boolean {
  if (!options.has(name)) return false;
  const value = options.get(name);
  const text = JSON.stringify(value ?? '').toLowerCase();
  return !/"(sval|boolval)":("(false|off|no|0)"|false)|"ival":0|"ival":\{\}/.test(text);
}

export function readVacuum(fields: SqlFields, facts: SqlFacts): void {
  if (fields['is_vacuumcmd'] !== true) {
    facts.verb = 'ANALYZE';
    facts.harmlessOutside = true;
    return;
  }
  facts.verb = 'VACUUM';
  const full = isOn(optionsOf(fields['options']), 'full');
  facts.alone = true;
  facts.harmlessOutside = !full;
  if (!full) return;
  // FULL makes new files of its tables.
  const tables = nodesOf(fields['rels']).flatMap(({ fields: relation }) => tableOf(relation['relation']) ?? []);
  if (tables.length === 0) facts.effects.push({ how: 'changes', action: 'VACUUM FULL', wide: 'database' });
  for (const table of tables) facts.effects.push({ how: 'changes', action: 'VACUUM FULL', table });
}

export function readReindex(fields: SqlFields, facts: SqlFacts): void {
  facts.verb = 'REINDEX';
  const concurrently = isOn(optionsOf(fields['params']), 'concurrently');
  const kind = textOf(fields['kind']);
  facts.harmlessOutside = concurrently;
  facts.alone = concurrently || /SCHEMA|DATABASE|SYSTEM/.test(kind);
}

/** Only a table's own rows from a file of the server are left to read; the rest reaches outside of SQL. */
export function readCopy(fields: SqlFields, facts: SqlFacts): void {
  facts.verb = 'COPY';
  const table = tableOf(fields['relation']);
  if (fields['is_program'] === true) {
    facts.refusal = {
      message: 'COPY … PROGRAM runs a command on the database server',
      hint: 'Use a `run` step, which runs in a container of its own.',
    };
  } else if (fields['filename'] === undefined) {
    facts.refusal = {
      message: 'COPY from stdin or to stdout needs psql, which is not what runs the step',
      hint: 'Use INSERT, or a `run` step that calls psql.',
    };
  } else if (fields['is_from'] !== true) {
    facts.refusal = {
      message: 'COPY … TO writes a file on the database server',
      hint: 'A backup of the store is `backup: [{ store: … }]`.',
    };
  } else if (table) facts.effects.push({ how: 'writes', action: 'COPY … FROM', table });
}

/** ALTER SEQUENCE: RESTART gives numbers out once more. */
export function readSequence(fields: SqlFields, facts: SqlFacts): void {
  facts.verb = 'ALTER SEQUENCE';
  const table = tableOf(fields['sequence']);
  if (table === undefined) return;
  facts.effects.push({ how: 'changes', action: facts.verb, table });
  if (optionsOf(fields['options']).has('restart')) facts.discards.push(`ALTER SEQUENCE ${showName(table)} RESTART`);
}

/** ALTER POLICY, and ALTER of a trigger's dependence: a part of a table. */
export function readAlterPolicy(fields: SqlFields, facts: SqlFacts): void {
  facts.verb = 'ALTER POLICY';
  const table = tableOf(fields['table']);
  if (table)
    facts.effects.push({ how: 'changes', action: facts.verb, table, part: `policy ${textOf(fields['policy_name'])}` });
}

export function readSubscription(fields: SqlFields, facts: SqlFacts, verb: string): void {
  facts.verb = verb;
  facts.alone = verb !== 'ALTER SUBSCRIPTION';
  facts.effects.push({
    how: 'changes',
    action: verb,
    // What it receives is written into tables of the same name.
    wide: 'database',
    part: objectKey({ name: textOf(fields['subname']) }, 'subscription'),
  });
}

export const bodyOf = (fields: SqlFields): SqlFields => fieldsOf(fields['query']);

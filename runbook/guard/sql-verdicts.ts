import { readSql } from './read-sql.ts';
import { isMade, type SqlFacts } from './sql-facts.ts';
import type { SqlParser } from './sql-parser.ts';
import { nameOf, nodesOf, textOf, visitNodes } from './sql-tree.ts';

/**
 * What a script discards, in its own words: `DROP TABLE orders_v2`. Empty when no data is lost. What cannot be judged counts as a
 * loss: whether nothing is lost is not known there.
 */
export function sqlDiscards(text: string, parser: SqlParser): string[] {
  const discards: string[] = [];
  for (const facts of readSql(text, parser)) {
    discards.push(...facts.discards);
    if (facts.hidden !== undefined) discards.push(`${facts.verb}: ${facts.hidden}`);
    if (facts.refusal !== undefined) discards.push(`${facts.verb}: ${facts.refusal.message}`);
  }
  return [...new Set(discards)];
}

/** Whether a script only adds: what was there before it, and the version that uses it, stay as they are. */
export function sqlIsAdditive(text: string, parser: SqlParser): boolean {
  const made = new Set<string>();
  return readSql(text, parser).every((facts: SqlFacts) => {
    const additive =
      facts.hidden === undefined &&
      facts.refusal === undefined &&
      facts.effects.every((effect) => effect.how === 'adds' || isMade(effect, made));
    for (const key of facts.makes) made.add(key);
    return additive;
  });
}

/** Objects that a script surely makes, as `made` of scripts after it. */
export function sqlMakes(text: string, parser: SqlParser): string[] {
  return readSql(text, parser).flatMap((facts) => facts.makes);
}

/** What a script changes in the server beside its database: roles, memberships, settings. Restoring the database does not take it back. */
export function sqlGlobals(text: string, parser: SqlParser): string[] {
  return [...new Set(readSql(text, parser).flatMap((facts) => facts.globals))];
}

const queries = new Set(['SelectStmt', 'VariableShowStmt', 'ExplainStmt']);

/** What is not a single statement that only reads; undefined when it is one. */
export function notOneQuery(text: string, parser: SqlParser): string | undefined {
  const statements = readSql(text, parser);
  const [only] = statements;
  if (only === undefined) return 'is empty';
  if (only.refusal !== undefined) return `cannot run: ${only.refusal.message}`;
  if (statements.length > 1) return 'is more than one statement';
  if (only.effects.length > 0 || only.makes.length > 0)
    return `does more than read: ${only.effects[0]?.action ?? only.verb}`;
  return queries.has(only.kind) ? undefined : `is no query: ${only.verb}`;
}

const changing = new Set([
  ...['now', 'clock_timestamp', 'statement_timestamp', 'transaction_timestamp', 'timeofday'],
  ...['current_date', 'current_time', 'current_timestamp', 'localtime', 'localtimestamp'],
  ...['random', 'random_normal', 'gen_random_uuid', 'uuid_generate_v4', 'txid_current', 'pg_current_xact_id'],
  ...['current_database', 'current_catalog', 'current_user', 'session_user', 'pg_backend_pid'],
  ...['pg_database_size', 'pg_total_relation_size', 'pg_relation_size', 'pg_table_size', 'ctid', 'xmin'],
]);

/** Words in a query that make its value depend on when and where it is asked. By name alone: a column may be called the same. */
export function changingWords(text: string, parser: SqlParser): string[] {
  const words: string[] = [];
  visitNodes(
    parser.parse(text).statements.map(({ kind, fields }) => ({ [kind]: fields })),
    (kind, fields) => {
      if (kind === 'FuncCall') words.push(nameOf(fields['funcname'])?.name ?? '');
      if (kind === 'SQLValueFunction')
        words.push(textOf(fields['op']).replace('SVFOP_', '').replace(/_N$/, '').toLowerCase());
      if (kind === 'ColumnRef')
        words.push(...nodesOf(fields['fields']).map(({ fields: name }) => textOf(name['sval'])));
    },
  );
  return [...new Set(words.filter((word) => changing.has(word)))];
}

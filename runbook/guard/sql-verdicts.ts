import { lexSql } from './lex-sql.ts';
import { readSql } from './read-sql.ts';
import { isMade, type SqlFacts } from './sql-facts.ts';

/** What a script discards, in its own words: `DROP TABLE orders_v2`. Empty when no data is lost. */
export function sqlDiscards(text: string): string[] {
  const discards: string[] = [];
  for (const facts of readSql(text)) {
    discards.push(...facts.discards);
    if (facts.hidden !== undefined) discards.push(`${facts.verb}: ${facts.hidden}`);
  }
  return [...new Set(discards)];
}

/** Whether a script only adds: what was there before it, and the version that uses it, stay as they are. */
export function sqlIsAdditive(text: string): boolean {
  const made = new Set<string>();
  return readSql(text).every((facts: SqlFacts) => {
    const additive =
      facts.hidden === undefined &&
      facts.refusal === undefined &&
      facts.effects.every((effect) => effect.how === 'adds' || isMade(effect, made));
    for (const key of facts.makes) made.add(key);
    return additive;
  });
}

/** Objects that a script surely makes, as `made` of scripts after it. */
export function sqlMakes(text: string): string[] {
  return readSql(text).flatMap((facts) => facts.makes);
}

/** What is not a single statement that only reads; undefined when it is one. */
export function notOneQuery(text: string): string | undefined {
  const statements = readSql(text);
  const [only] = statements;
  if (only === undefined) return 'is empty';
  if (statements.length > 1) return 'is more than one statement';
  if (only.refusal !== undefined) return `cannot run: ${only.refusal.message}`;
  if (only.effects.length > 0 || only.makes.length > 0)
    return `does more than read: ${only.effects[0]?.action ?? only.verb}`;
  return /^(SELECT|WITH|VALUES|TABLE|SHOW|EXPLAIN|\()/.test(only.verb) ? undefined : `is no query: ${only.verb}`;
}

const changing = new Set([
  ...['now', 'clock_timestamp', 'statement_timestamp', 'transaction_timestamp', 'timeofday'],
  ...['current_date', 'current_time', 'current_timestamp', 'localtime', 'localtimestamp'],
  ...['random', 'random_normal', 'gen_random_uuid', 'uuid_generate_v4', 'txid_current', 'pg_current_xact_id'],
  ...['current_database', 'current_catalog', 'current_user', 'session_user', 'pg_backend_pid'],
  ...['pg_database_size', 'pg_total_relation_size', 'pg_relation_size', 'pg_table_size', 'ctid', 'xmin'],
]);

/** Words in a query that make its value depend on when and where it is asked. By name alone: a column may be called the same. */
export function changingWords(text: string): string[] {
  const words = lexSql(text).flatMap(({ kind, value }) => (kind === 'word' && changing.has(value) ? [value] : []));
  return [...new Set(words)];
}

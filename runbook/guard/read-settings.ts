import type { SqlFacts } from './sql-facts.ts';
import { fieldsOf, itemsOf, stringOf, textOf, type SqlFields } from './sql-tree.ts';

/** Settings that only say how long, how much and how loud: they change the meaning of no statement. */
const harmless =
  /^(statement_timeout|lock_timeout|idle_\w+|transaction_timeout|deadlock_timeout|work_mem|maintenance_work_mem|temp_\w+|logical_decoding_work_mem|log_\w+|client_min_messages|application_name|auto_explain\.\w+|pg_stat_statements\.\w+|enable_\w+|\w+_cost|effective_\w+|max_parallel_\w+|parallel_\w+|jit\w*|from_collapse_limit|join_collapse_limit|geqo\w*|random_page_cost|cursor_tuple_fraction|plan_cache_mode|vacuum_\w+|autovacuum\w*|tcp_\w+|synchronous_commit|commit_\w+|gin_pending_list_limit|gin_fuzzy_search_limit|constraint_exclusion|default_statistics_target|hash_mem_multiplier|check_function_bodies|track_(activities|io_timing|functions|wal_io_timing)|extra_float_digits|bytea_output|timezone|datestyle|intervalstyle|client_encoding|lc_messages|default_tablespace|default_table_access_method|default_toast_compression|seed|transaction_isolation|transaction_read_only|transaction_deferrable|app\.\w+|myapp\.\w+)$/;

/** Whether statements mean something else where a setting is another one. */
export const changesMeaning = (setting: string): boolean => !harmless.test(setting.toLowerCase());

/** Of the settings that change what a name means, or whose rights count. */
const movesNames = new Set(['search_path', 'role', 'session_authorization', 'schema']);

const refused: Record<string, [message: string, hint: string]> = {
  track_counts: ['switches off the row counters that protected tables are watched by', 'Leave it out.'],
  session_replication_role: [
    'switches off foreign keys and triggers',
    'Leave it out: what these keep true would not be true afterwards.',
  ],
  standard_conforming_strings: ['changes where a string ends', "Leave it out, and write E'…' where escapes are meant."],
  backslash_quote: ['changes where a string ends', 'Leave it out.'],
  allow_system_table_mods: ['opens the catalogue itself to changes', 'Leave it out.'],
  ignore_system_indexes: ['changes how the catalogue is read', 'Leave it out.'],
  zero_damaged_pages: ['lets the server throw damaged pages away', 'Leave it out.'],
  ignore_checksum_failure: ['lets the server read damaged pages', 'Leave it out.'],
  local_preload_libraries: ['loads a library into the server', 'Leave it out.'],
  session_preload_libraries: ['loads a library into the server', 'Leave it out.'],
  dynamic_library_path: ['changes which library is loaded', 'Leave it out.'],
};

/** The values that a step's session has anyway, as dumps set them. With `row_security` off a statement fails, and sees nothing else. */
const asPinned: Record<string, string> = {
  track_counts: 'on',
  session_replication_role: 'origin',
  standard_conforming_strings: 'on',
  backslash_quote: 'safe_encoding',
};

/** A setting of the step's own session. */
export function readSetting(name: string, action: string, facts: SqlFacts, value?: string): void {
  const plain = name.toLowerCase();
  if (movesNames.has(plain) || plain === '') facts.movesSearchPath = true;
  const wrong = refused[plain];
  const harmlessValue = asPinned[plain];
  if (wrong !== undefined && (harmlessValue === undefined || value?.toLowerCase() !== harmlessValue))
    facts.refusal ??= { message: `${action} ${plain} ${wrong[0]}`.replace('() ', '(): '), hint: wrong[1] };
}

/** SET, RESET. */
export function readSet(fields: SqlFields, facts: SqlFacts): void {
  const name = textOf(fields['name']);
  const kind = textOf(fields['kind']);
  facts.verb = kind.startsWith('VAR_RESET') ? 'RESET' : 'SET';
  if (kind === 'VAR_SET_MULTI' && name !== 'SESSION CHARACTERISTICS') facts.refusal ??= ownTransaction(`SET ${name}`);
  if (kind === 'VAR_RESET_ALL') facts.movesSearchPath = true;
  else if (kind === 'VAR_RESET' || kind === 'VAR_SET_DEFAULT') {
    if (movesNames.has(name)) facts.movesSearchPath = true;
    readSetting(name, facts.verb, facts);
  } else readSetting(name, 'SET', facts, stringOf(itemsOf(fields['args'])[0]));
}

export const ownTransaction = (verb: string) => ({
  message: `${verb} controls the transaction`,
  hint: 'Leave it out: Switchback runs the step in one transaction together with its record of it.',
});

/** ALTER ROLE … SET and ALTER DATABASE … SET: what every later session starts with. */
export function readLastingSetting(statement: SqlFields, of: string, part: string | undefined, facts: SqlFacts): void {
  const set = fieldsOf(statement['setstmt']);
  const name = textOf(set['name']).toLowerCase();
  facts.verb =
    `ALTER ${of.split(' ')[0]?.toUpperCase() ?? ''} … ${textOf(set['kind']).startsWith('VAR_RESET') ? 'RESET' : 'SET'} ${name}`.trim();
  facts.globals.push(`settings of ${of}`);
  const lasting = name === '' || changesMeaning(name);
  facts.effects.push({
    how: lasting ? 'changes' : 'adds',
    action: facts.verb,
    ...(lasting ? { meaning: `what later statements of ${of} mean` } : {}),
    ...(part === undefined ? {} : { part }),
  });
}

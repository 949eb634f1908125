import { computingFunctions } from './computing-functions.ts';
import { readSetting } from './read-settings.ts';
import { objectKey, showName, type SqlFacts, type SqlName } from './sql-facts.ts';
import { itemsOf, nameOf, nodeOf, stringOf, visitNodes } from './sql-tree.ts';

/** They write the contents of large objects, or remove them. */
const largeObjects = new Set(['lo_unlink', 'lo_put', 'lowrite', 'lo_truncate', 'lo_truncate64']);
/** They make new ones, and leave others alone. `lo_open` alone changes nothing: `lowrite` does. */
const newLargeObjects = new Set(['lo_create', 'lo_creat', 'lo_from_bytea', 'lo_import', 'lo_open', 'lo_close', 'lo_get', 'loread', 'lo_lseek', 'lo_lseek64', 'lo_tell', 'lo_tell64']); // prettier-ignore
/** They work where no transaction and no comparison reaches. */
const elsewhere: [RegExp, string, string][] = [
  [
    /^dblink/,
    'dblink works in a session of its own, which nobody watches and nothing takes back',
    'Make the other database a store of the plan, with steps of its own.',
  ],
  [
    /^(lo_export|pg_file_(write|rename|unlink|sync))$/,
    'it writes a file on the database server',
    'A backup of the store is `backup: [{ store: … }]`.',
  ],
  [
    /^pg_(promote|wal_replay_pause|switch_wal|terminate_backend|cancel_backend|reload_conf|rotate_logfile|replication_origin_\w+|stat_reset\w*|import_system_collations|background_launch|logical_emit_message)$/,
    'it acts on the server itself, which no transaction takes back',
    'Do it by hand before the migration, or in a `run` step.',
  ],
  [
    /^pg_(drop_replication_slot|replication_slot_advance|logical_slot_get_(binary_)?changes)$/,
    'it moves or drops a replication slot, which no transaction takes back: what its reader has not read is lost',
    'Do it by hand before the migration, or in a `run` step.',
  ],
];
/** Schemas of schedulers: what is put off until after the commit is watched by nobody. */
const schedulers = new Set(['cron', 'pgagent', 'pg_background', 'timetable']);

/** Why what a function of this name does is not taken back by the transaction that calls it; undefined for others. */
export function worksElsewhere(name: string): { message: string; hint: string } | undefined {
  const [, why, hint] = elsewhere.find(([pattern]) => pattern.test(name)) ?? [];
  return why === undefined || hint === undefined ? undefined : { message: why, hint };
}

/**
 * Functions that a statement calls. `executed`: whether the statement calls them now, and does not only define something that
 * will; those that are dangerous by name are refused either way.
 */
export function readCalls(root: unknown, facts: SqlFacts, executed: boolean): void {
  visitNodes(root, (kind, fields) => {
    if (kind !== 'FuncCall') return;
    const name = nameOf(fields['funcname']);
    if (name !== undefined) readCall(name, Array.isArray(fields['args']) ? fields['args'] : [], facts, executed);
  });
}

function readCall(name: SqlName, args: readonly unknown[], facts: SqlFacts, executed: boolean): void {
  const builtin = name.schema === undefined || name.schema === 'pg_catalog';
  const refused = worksElsewhere(name.name);
  if (refused !== undefined) {
    const message = name.name.startsWith('dblink') ? refused.message : `${showName(name)}(): ${refused.message}`;
    facts.refusal ??= { message, hint: refused.hint };
    return;
  }
  if (schedulers.has(name.schema ?? '')) {
    facts.refusal ??= {
      message: `${showName(name)}() puts work off until after the step, where nobody watches it`,
      hint: 'Write what it is to do as a step, or schedule it by hand.',
    };
    return;
  }
  if (largeObjects.has(name.name)) {
    facts.effects.push({
      how: 'discards',
      action: `${name.name}()`,
      meaning: 'large objects, which rows may refer to',
    });
    facts.discards.push(`${name.name}()`);
    return;
  }
  if (name.name === 'setval') {
    const sequence = sequenceOf(args[0]);
    const action = 'setval()';
    if (sequence) facts.effects.push({ how: 'writes', action, table: sequence });
    else
      facts.effects.push({ how: 'writes', action, meaning: 'where a sequence stands, and no rollback sets it back' });
    facts.discards.push(sequence ? `setval() of ${showName(sequence)}` : 'setval()');
    return;
  }
  if (name.name === 'set_config') {
    readSetting(stringOf(args[0]) ?? '', 'set_config()', facts, stringOf(args[1]));
    return;
  }
  if (builtin && (computingFunctions.has(name.name) || newLargeObjects.has(name.name))) return;
  // Names of other schemas, and those that PostgreSQL does not have: somebody wrote them, and what they do stands in their bodies.
  if (name.schema === 'pg_catalog' && name.name.startsWith('pg_get_')) return;
  if (executed) facts.calls.push(objectKey(name, 'function'));
}

/** `'public.orders_id_seq'`, as text or cast to `regclass`; the table of `pg_get_serial_sequence('orders', 'id')`, which owns it. */
function sequenceOf(argument: unknown): SqlName | undefined {
  const { kind, fields } = nodeOf(argument);
  const serial = kind === 'FuncCall' && nameOf(fields['funcname'])?.name === 'pg_get_serial_sequence';
  const text = stringOf(serial ? itemsOf(fields['args'])[0] : argument);
  const found = text === undefined ? null : /^\s*(?:([\w$]+|"[^"]+")\.)?([\w$]+|"[^"]+")\s*$/.exec(text);
  if (found?.[2] === undefined) return undefined;
  const plain = (part: string) => (part.startsWith('"') ? part.slice(1, -1) : part.toLowerCase());
  const name = plain(found[2]);
  return found[1] === undefined ? { name } : { schema: plain(found[1]), name };
}

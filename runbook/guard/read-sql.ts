import { readAlter } from './read-alter.ts';
import { readBody } from './read-body.ts';
import { readCreate } from './read-create.ts';
import { readDrop } from './read-drop.ts';
import { readRowChanges } from './read-row-changes.ts';
import { splitSql, type SqlStatement } from './split-sql.ts';
import { emptyFacts, showName, SqlCursor, type SqlFacts } from './sql-facts.ts';

type Reader = (cursor: SqlCursor, facts: SqlFacts) => void;

const transactionControl: Reader = (_cursor, facts) => {
  facts.refusal = {
    message: `${facts.verb} controls the transaction`,
    hint: 'Leave it out: Switchback runs the step in one transaction together with its record of it.',
  };
};
const onlyReads: Reader = (cursor, facts) => readRowChanges(cursor, facts);
const nothing: Reader = () => undefined;

const changesEverything: Reader = (_cursor, facts) => {
  facts.effects.push({ how: 'changes', action: facts.verb, wide: 'database' });
};

/** By the first word. A word that is not here is `hidden`: nothing is known of it. */
const readers: Record<string, Reader> = {
  begin: transactionControl,
  start: transactionControl,
  commit: transactionControl,
  end: transactionControl,
  rollback: transactionControl,
  abort: transactionControl,
  savepoint: transactionControl,
  release: transactionControl,
  select: onlyReads,
  with: onlyReads,
  values: onlyReads,
  table: onlyReads,
  insert: onlyReads,
  update: onlyReads,
  delete: onlyReads,
  merge: onlyReads,
  explain: onlyReads,
  declare: onlyReads,
  create: readCreate,
  alter: readAlter,
  drop: readDrop,
  do: readBody,
  fetch: nothing,
  move: nothing,
  close: nothing,
  show: nothing,
  reset: nothing,
  listen: nothing,
  unlisten: nothing,
  notify: nothing,
  lock: nothing,
  analyze: nothing,
  analyse: nothing,
  checkpoint: nothing,
  deallocate: nothing,
  discard(_cursor, facts) {
    facts.movesSearchPath = true;
  },
  prepare(cursor, facts) {
    if (cursor.sees('transaction')) transactionControl(cursor, facts);
    else readRowChanges(cursor, facts);
  },
  execute(_cursor, facts) {
    facts.hidden = 'it runs a prepared statement';
  },
  call(_cursor, facts) {
    facts.hidden = 'what a procedure does is not in its call';
  },
  load(_cursor, facts) {
    facts.hidden = 'it loads a library into the server';
  },
  set(cursor, facts) {
    cursor.takesOneOf(['local', 'session']);
    if (cursor.sees('search_path') || cursor.sees('role') || cursor.sees('authorization')) facts.movesSearchPath = true;
    if (cursor.sees('schema')) facts.movesSearchPath = true;
  },
  truncate(cursor, facts) {
    cursor.takes('table');
    for (const table of cursor.names()) {
      facts.effects.push({ how: 'discards', action: 'TRUNCATE', table });
      facts.discards.push(`TRUNCATE ${showName(table)}`);
    }
    if (cursor.has('cascade'))
      facts.effects.push({ how: 'discards', action: 'TRUNCATE … CASCADE', wide: 'dependents' });
  },
  copy(cursor, facts) {
    readCopy(cursor, facts);
  },
  comment: nothing,
  grant(cursor, facts) {
    readRights(cursor, facts, 'adds');
  },
  revoke(cursor, facts) {
    readRights(cursor, facts, 'changes');
  },
  refresh(cursor, facts) {
    cursor.takes('materialized', 'view');
    cursor.takes('concurrently');
    const table = cursor.name();
    if (table) facts.effects.push({ how: 'writes', action: 'REFRESH MATERIALIZED VIEW', table });
  },
  cluster(cursor, facts) {
    cursor.takes('verbose');
    const table = cursor.name();
    facts.effects.push({ how: 'changes', action: 'CLUSTER', ...(table ? { table } : { wide: 'database' as const }) });
    facts.alone = table === undefined;
  },
  vacuum(cursor, facts) {
    facts.alone = true;
    const full = cursor.has('full');
    while (!cursor.done && !/^(word|quoted)$/.test(cursor.peek()?.kind ?? '')) cursor.at++;
    while (cursor.takesOneOf(['full', 'freeze', 'verbose', 'analyze', ')', ','])) continue;
    if (!full) return;
    const tables = cursor.names();
    if (tables.length === 0) facts.effects.push({ how: 'changes', action: 'VACUUM FULL', wide: 'database' });
    for (const table of tables) facts.effects.push({ how: 'changes', action: 'VACUUM FULL', table });
  },
  reindex(cursor, facts) {
    facts.alone = cursor.has('concurrently') || cursor.has('database') || cursor.has('system') || cursor.has('schema');
  },
  reassign: changesEverything,
  import(_cursor, facts) {
    facts.effects.push({ how: 'adds', action: facts.verb });
  },
  security(_cursor, facts) {
    facts.effects.push({ how: 'adds', action: facts.verb });
  },
};

function readCopy(cursor: SqlCursor, facts: SqlFacts): void {
  if (cursor.has('program')) {
    facts.refusal = {
      message: 'COPY … PROGRAM runs a command on the database server',
      hint: 'Use a `run` step, which runs in a container of its own.',
    };
  } else if (cursor.has('stdin') || cursor.has('stdout')) {
    facts.refusal = {
      message: 'COPY from stdin or to stdout needs psql, which is not what runs the step',
      hint: 'Use INSERT, or a `run` step that calls psql.',
    };
  } else if (cursor.sees('(')) {
    readRowChanges(cursor, facts);
  } else {
    const table = cursor.name();
    if (cursor.skipPast('to')) {
      facts.refusal = {
        message: 'COPY … TO writes a file on the database server',
        hint: 'A backup of the store is `backup: [{ store: … }]`.',
      };
    } else if (table) facts.effects.push({ how: 'writes', action: 'COPY … FROM', table });
  }
}

function readRights(cursor: SqlCursor, facts: SqlFacts, how: 'adds' | 'changes'): void {
  const { verb } = facts;
  if (!cursor.skipPast('on')) return;
  if (cursor.takes('all', 'tables', 'in', 'schema') || cursor.takes('all', 'sequences', 'in', 'schema')) {
    for (const { name } of cursor.names()) facts.effects.push({ how, action: verb, wide: { schema: name } });
    return;
  }
  cursor.takes('table');
  const elsewhere = [
    'schema',
    'database',
    'function',
    'procedure',
    'routine',
    'sequence',
    'type',
    'language',
    'foreign',
    'all',
  ];
  if (
    elsewhere.some((word) => cursor.sees(word)) &&
    cursor.peek(1)?.value !== ',' &&
    !cursor.sees(cursor.peek()?.value ?? '', 'to')
  ) {
    facts.effects.push({ how, action: verb });
    return;
  }
  for (const table of cursor.names()) facts.effects.push({ how, action: verb, table });
}

function verbOf(statement: SqlStatement): string {
  const [first, second] = statement.tokens;
  const two = ['create', 'alter', 'drop', 'refresh', 'start', 'prepare', 'reassign', 'import', 'security'];
  if (first?.kind !== 'word') return first?.value.slice(0, 20) ?? '';
  const isTwo = two.includes(first.value) && second?.kind === 'word';
  return (isTwo ? `${first.value} ${second.value}` : first.value).toUpperCase();
}

/** What one statement does. */
export function readStatement(statement: SqlStatement): SqlFacts {
  const facts = emptyFacts(statement.start, statement.end, verbOf(statement));
  const meta = statement.tokens.find(({ kind }) => kind === 'backslash');
  const unclosed = statement.tokens.find(({ kind }) => kind === 'unclosed');
  if (meta) {
    facts.refusal = {
      message: `\`${meta.value.slice(0, 40).trim()}\` is a command of psql, not SQL`,
      hint: 'Only SQL runs in a step; put what psql does into a `run` step.',
    };
    return { ...facts, start: meta.start, end: meta.end };
  }
  if (unclosed) {
    facts.refusal = { message: 'a string, quoted name or comment has no end', hint: 'Close what is opened here.' };
    return { ...facts, start: unclosed.start, end: Math.min(unclosed.end, unclosed.start + 20) };
  }
  const cursor = new SqlCursor(statement.tokens);
  // A query may begin with parentheses.
  const first = statement.tokens.find(({ value }) => value !== '(');
  if (first?.kind === 'word' && Object.hasOwn(readers, first.value)) {
    if (cursor.peek() === first) cursor.at = 1;
    const reader = readers[first.value];
    if (rereads.has(first.value)) cursor.at = 0;
    reader?.(cursor, facts);
  } else {
    facts.hidden = `\`${facts.verb}\` is no statement that Switchback knows`;
  }
  if (statement.tokens.some(({ kind, value }) => kind === 'word' && value === 'set_config'))
    facts.movesSearchPath = true;
  return facts;
}

/** Verbs whose reader looks at the whole statement, its first word included. */
const rereads = new Set([
  'select',
  'with',
  'values',
  'table',
  'insert',
  'update',
  'delete',
  'merge',
  'explain',
  'declare',
]);

/** What each statement of a script does. Never throws. */
export function readSql(text: string): SqlFacts[] {
  return splitSql(text).map(readStatement);
}

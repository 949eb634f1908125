import { readAlter } from './read-alter.ts';
import { readBody } from './read-body.ts';
import { readCopy } from './read-copy.ts';
import { readCreate } from './read-create.ts';
import { readDrop } from './read-drop.ts';
import { readCluster, readRefresh, readReindex, readSet, readTruncate, readVacuum } from './read-maintenance.ts';
import { readRights } from './read-rights.ts';
import { readRowChanges } from './read-row-changes.ts';
import { splitSql, type SqlStatement } from './split-sql.ts';
import { SqlCursor } from './sql-cursor.ts';
import { emptyFacts, type SqlFacts } from './sql-facts.ts';

type Reader = (cursor: SqlCursor, facts: SqlFacts) => void;

const transactionControl: Reader = (_cursor, facts) => {
  facts.refusal = {
    message: `${facts.verb} controls the transaction`,
    hint: 'Leave it out: Switchback runs the step in one transaction together with its record of it.',
  };
};
const nothing: Reader = () => undefined;

const statistics: Reader = (_cursor, facts) => {
  facts.harmlessOutside = true;
};

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
  select: readRowChanges,
  with: readRowChanges,
  values: readRowChanges,
  table: readRowChanges,
  insert: readRowChanges,
  update: readRowChanges,
  delete: readRowChanges,
  merge: readRowChanges,
  explain: readRowChanges,
  declare: readRowChanges,
  create: readCreate,
  alter: readAlter,
  drop: readDrop,
  do: (cursor, facts) => readBody(cursor, facts, readStatement),
  fetch: nothing,
  move: nothing,
  close: nothing,
  show: nothing,
  reset: nothing,
  listen: nothing,
  unlisten: nothing,
  notify: nothing,
  lock: nothing,
  analyze: statistics,
  analyse: statistics,
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
  set: readSet,
  truncate: readTruncate,
  copy: readCopy,
  comment: nothing,
  grant(cursor, facts) {
    readRights(cursor, facts, 'adds');
  },
  revoke(cursor, facts) {
    readRights(cursor, facts, 'changes');
  },
  refresh: readRefresh,
  cluster: readCluster,
  vacuum: readVacuum,
  reindex: readReindex,
  reassign: changesEverything,
  import(_cursor, facts) {
    facts.effects.push({ how: 'adds', action: facts.verb });
  },
  security(_cursor, facts) {
    facts.effects.push({ how: 'adds', action: facts.verb });
  },
};

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
  if (statement.tokens.some(({ kind, value }) => kind === 'word' && value.startsWith('dblink'))) {
    facts.refusal ??= {
      message: 'dblink works in a session of its own, which nobody watches and nothing takes back',
      hint: 'Make the other database a store of the plan, with steps of its own.',
    };
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
  return splitSql(text).map((statement) => {
    const facts = readStatement(statement);
    if (facts.selectsInto && facts.verb !== 'DO') {
      facts.refusal ??= {
        message: 'SELECT … INTO is not run in steps',
        hint: 'Write CREATE TABLE … AS SELECT …, which does the same.',
      };
    }
    return facts;
  });
}

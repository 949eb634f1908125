import { readCalls } from './read-calls.ts';
import { addFacts, emptyFacts, type SqlFacts } from './sql-facts.ts';
import type { ParsedStatement, SqlParser } from './sql-parser.ts';
import { readStatementKind } from './statement-readers.ts';

/** A plan asks some six questions of each script, one after the other: it is read once for all of them. */
const mostRemembered = 4;
const remembered = new WeakMap<SqlParser, Map<string, readonly SqlFacts[]>>();

/** What each statement of a script does. Never throws: a text that is no SQL is one refusal. */
export function readSql(text: string, parser: SqlParser): readonly SqlFacts[] {
  const known = remembered.get(parser) ?? new Map<string, readonly SqlFacts[]>();
  remembered.set(parser, known);
  const before = known.get(text);
  if (before !== undefined) return before;
  const { statements, wrong } = parser.parse(text);
  // Not remembered: a parser that was out of memory may read the text the next time.
  if (wrong !== undefined) return [notSql(text, wrong)];
  const [oldest] = known.keys();
  if (known.size >= mostRemembered && oldest !== undefined) known.delete(oldest);
  const facts = readStatements(text, statements, parser);
  known.set(text, facts);
  return facts;
}

function readStatements(text: string, statements: readonly ParsedStatement[], parser: SqlParser): SqlFacts[] {
  const bodies = new Map<string, SqlFacts>();
  return statements.map((statement) => {
    const facts = readStatement(statement, text.slice(statement.start, statement.end), parser);
    callBodies(facts, bodies);
    if (facts.defines) bodies.set(facts.defines.key, facts.defines.body);
    return facts;
  });
}

/** What one statement does. `text` is the statement itself. */
function readStatement(statement: ParsedStatement, text: string, parser: SqlParser): SqlFacts {
  const facts = emptyFacts(statement.start, statement.end, statement.kind, verbOf(text));
  const reader = {
    parser,
    read: (inner: ParsedStatement, itself: string) => readStatement(inner, itself, parser),
  };
  const executed = readStatementKind(statement, text, facts, reader);
  readCalls({ [statement.kind]: statement.fields }, facts, executed);
  return facts;
}

/** A function that the script itself has made does what its body says; what others do is not in their call. */
function callBodies(facts: SqlFacts, bodies: ReadonlyMap<string, SqlFacts>): void {
  const seen = new Set<string>();
  for (let at = 0; at < facts.calls.length; at++) {
    const key = facts.calls[at] ?? '';
    if (seen.has(key)) continue;
    seen.add(key);
    const body = bodies.get(key);
    if (body !== undefined) addFacts(facts, body);
    else
      facts.hidden ??= `it calls ${key.replace(/^function (public\.)?/, '')}(), and what a function does is not in its call`;
  }
}

/** Only to be shown where nothing better is known. */
function verbOf(text: string): string {
  return /^[A-Za-z]+/.exec(text)?.[0].toUpperCase() ?? 'this';
}

function notSql(text: string, wrong: { message: string; start: number; end: number }): SqlFacts {
  const facts = emptyFacts(wrong.start, wrong.end, '', 'this');
  const meta = /^\\[^\n\r]*/.exec(text.slice(wrong.start))?.[0];
  if (meta !== undefined) {
    facts.refusal = {
      message: `\`${meta.slice(0, 40).trim()}\` is a command of psql, not SQL`,
      hint: 'Only SQL runs in a step; put what psql does into a `run` step.',
    };
  } else if (wrong.message.startsWith('unterminated')) {
    facts.refusal = {
      message: `a string, quoted name or comment has no end (${wrong.message})`,
      hint: 'Close what is opened here.',
    };
  } else {
    facts.refusal = {
      message: `this is not SQL that PostgreSQL reads: ${wrong.message}`,
      hint: "It is read by PostgreSQL's own parser, before anything is run.",
    };
  }
  return facts;
}

import { addFacts, emptyFacts, objectKey, type SqlFacts } from './sql-facts.ts';
import type { ParsedStatement, SqlParser } from './sql-parser.ts';
import {
  fieldsOf,
  itemsOf,
  nameOf,
  nodesOf,
  optionsOf,
  stringOf,
  textOf,
  visitNodes,
  type SqlFields,
} from './sql-tree.ts';

type ReadStatement = (statement: ParsedStatement, text: string) => SqlFacts;

/** What reads the SQL inside of SQL. */
export interface BodyReader {
  parser: SqlParser;
  read: ReadStatement;
}

/** DO blocks: the statements inside, and the text of EXECUTE where it stands there as a string. */
export function readDo(fields: SqlFields, text: string, facts: SqlFacts, reader: BodyReader): void {
  facts.verb = 'DO';
  const options = optionsOf(fields['args']);
  const language = stringOf(options.get('language')) ?? 'plpgsql';
  if (language.toLowerCase() !== 'plpgsql') facts.hidden = `its language is ${language}`;
  else readPlpgsql(text, stringOf(options.get('as')) ?? '', facts, reader);
}

/** CREATE FUNCTION and CREATE PROCEDURE: what the body does is done when it is called. */
export function readFunction(fields: SqlFields, text: string, facts: SqlFacts, reader: BodyReader): void {
  const name = nameOf(fields['funcname']);
  const type = fields['is_procedure'] === true ? 'procedure' : 'function';
  const replaces = fields['replace'] === true;
  facts.verb = `CREATE ${replaces ? 'OR REPLACE ' : ''}${type.toUpperCase()}`;
  if (name === undefined) return;
  const part = objectKey(name, type);
  const returns = nameOf(fieldsOf(fields['returnType'])['names'])?.name;
  const triggers = replaces && (returns === 'trigger' || returns === 'event_trigger');
  facts.effects.push({
    how: replaces ? 'changes' : 'adds',
    action: facts.verb,
    part,
    // Its trigger may be on any table: what is written there later is another thing then.
    ...(triggers ? { meaning: `the trigger function ${name.name}()` } : {}),
  });
  if (!replaces) facts.makes.push(part);
  const options = optionsOf(fields['options']);
  const body = emptyFacts(facts.start, facts.end, facts.kind, `${name.name}()`);
  const language = (stringOf(options.get('language')) ?? 'sql').toLowerCase();
  const source = stringOf(nodesOf([options.get('as')])[0] && firstOf(options.get('as')));
  if (language === 'plpgsql') readPlpgsql(text, source ?? '', body, reader);
  else if (language === 'sql' && source !== undefined) readText(source, body, reader, 'its body is not SQL');
  else if (language === 'sql') readAtomic(fields['sql_body'], body, reader);
  else body.hidden = `its language is ${language}`;
  facts.defines = { key: objectKey(name, 'function'), body };
}

const firstOf = (list: unknown): unknown => {
  const items = fieldsOf(fieldsOf(list)['List'])['items'];
  return Array.isArray(items) ? items[0] : undefined;
};

/** `BEGIN ATOMIC … END`, or `RETURN …`: its statements stand in the tree. */
function readAtomic(body: unknown, facts: SqlFacts, { read }: BodyReader): void {
  const lists: unknown[] = [body];
  while (lists.length > 0) {
    const { kind, fields } = nodeIn(lists.pop());
    if (kind === 'List') lists.push(...itemsOf(fields['items']));
    else if (kind !== '') addFacts(facts, read({ kind, fields, start: facts.start, end: facts.end }, ''));
  }
}

const nodeIn = (value: unknown) => nodesOf([value])[0] ?? { kind: '', fields: {} };

function readPlpgsql(statement: string, source: string, facts: SqlFacts, reader: BodyReader): void {
  const tree = reader.parser.parseBody(statement);
  if (tree === undefined) {
    readPieces(source, facts, reader);
    facts.hidden ??= 'its body cannot be read without the catalogue';
    return;
  }
  visitNodes(tree, (kind, fields) => {
    switch (kind) {
      case 'PLpgSQL_stmt_dynexecute':
      case 'PLpgSQL_stmt_dynfors':
        readDynamic(fields['query'], facts, reader);
        break;
      case 'PLpgSQL_stmt_return_query':
      case 'PLpgSQL_stmt_open':
        if (fields['dynquery'] !== undefined) readDynamic(fields['dynquery'], facts, reader);
        break;
      case 'PLpgSQL_stmt_commit':
      case 'PLpgSQL_stmt_rollback':
        facts.refusal ??= {
          message: `${kind === 'PLpgSQL_stmt_commit' ? 'COMMIT' : 'ROLLBACK'} controls the transaction`,
          hint: 'Leave it out: Switchback runs the step in one transaction together with its record of it.',
        };
        break;
      case 'PLpgSQL_expr':
        readExpression(fields, facts, reader);
    }
  });
}

const notRead = 'a part of its body cannot be read';

function readExpression(fields: SqlFields, facts: SqlFacts, reader: BodyReader): void {
  const query = textOf(fields['query']);
  const mode = Number(fields['parseMode'] ?? 0);
  // As PL/pgSQL's own parser says: 0 a statement, 2 an expression, 3 and above the right side of an assignment.
  if (mode === 0) readText(query, facts, reader, notRead);
  else readText(`select ${mode === 2 ? query : query.replace(/^[^:=]*:?=/, '')}`, facts, reader, notRead);
}

function readText(text: string, facts: SqlFacts, reader: BodyReader, why: string): void {
  const { statements, wrong } = reader.parser.parse(text);
  if (wrong !== undefined) facts.hidden ??= why;
  for (const statement of statements) addFacts(facts, readAt(statement, text, reader));
}

const readAt = (statement: ParsedStatement, text: string, { read }: BodyReader): SqlFacts =>
  read(statement, text.slice(statement.start, statement.end));

/** EXECUTE: as far as its text stands there as strings. What is put in when it runs becomes the name `%`, which no pattern leaves out. */
function readDynamic(expression: unknown, facts: SqlFacts, reader: BodyReader): void {
  const query = textOf(fieldsOf(fieldsOf(expression)['PLpgSQL_expr'])['query']);
  const [select] = reader.parser.parse(`select ${query}`).statements;
  const target = nodesOf(select?.fields['targetList'])[0]?.fields['val'];
  const text = target === undefined ? undefined : assembled(target);
  if (text === undefined || text.unknown) facts.hidden ??= 'it runs SQL that it puts together itself';
  if (text === undefined) return;
  const whole = reader.parser.parse(text.sql);
  const sql = whole.wrong === undefined ? text.sql : (text.less ?? text.sql);
  const { statements, wrong } = whole.wrong === undefined ? whole : reader.parser.parse(sql);
  if (wrong !== undefined) facts.hidden ??= 'it runs SQL that it puts together itself';
  for (const statement of statements) addFacts(facts, readAt(statement, sql, reader));
}

interface Assembled {
  sql: string;
  /** The same, with nothing in place of what is not known. */
  less?: string;
  /** Pieces are missing that are not names or values by themselves. */
  unknown: boolean;
}

/** The text of `'a' || b`, `format('a %I', b)`, `concat('a', b)`. */
function assembled(value: unknown): Assembled {
  const literal = stringOf(value);
  if (literal !== undefined) return { sql: literal, unknown: false };
  const { kind, fields } = nodeIn(value);
  const args = Array.isArray(fields['args']) ? (fields['args'] as unknown[]) : [];
  if (kind === 'FuncCall') {
    const name = nameOf(fields['funcname'])?.name;
    const format = name === 'format' ? stringOf(args[0]) : undefined;
    if (format !== undefined) {
      let next = 1;
      // What stands there as a string is put in; the rest is only known when it runs.
      const known = format.replaceAll(/%(?:(\d+)\$)?([IsL])/g, (whole, at: string | undefined, kind: string) => {
        const text = stringOf(args[at === undefined ? next++ : Number(at)]);
        if (text === undefined) return whole;
        return kind === 's'
          ? text
          : kind === 'I'
            ? `"${text.replaceAll('"', '""')}"`
            : `'${text.replaceAll("'", "''")}'`;
      });
      const sql = known.replaceAll(/%(\d+\$)?I/g, ' "%" ').replaceAll(/%(\d+\$)?L/g, " '%' ");
      // Any text may come in place of `%s`: that it is none is only what is likely.
      return {
        sql: sql.replaceAll(/%(\d+\$)?s/g, ' "%" '),
        less: sql.replaceAll(/%(\d+\$)?s/g, ''),
        unknown: /%(\d+\$)?s/.test(known),
      };
    }
    if (name === 'concat') return joined(args.map(assembled));
    if (name === 'quote_ident') return { sql: ' "%" ', unknown: false };
  }
  if (kind === 'A_Expr' && nameOf(fields['name'])?.name === '||')
    return joined([assembled(fields['lexpr']), assembled(fields['rexpr'])]);
  return { sql: ' "%" ', unknown: true };
}

const joined = (parts: Assembled[]): Assembled => ({
  sql: parts.map(({ sql }) => sql).join(''),
  unknown: parts.some(({ unknown }) => unknown),
});

const verbs =
  /\b(insert|update|delete|merge|truncate|drop|alter|create|copy|grant|revoke|refresh|cluster|perform|select|call)\b/gi;

/** Where a body cannot be read as a whole: each piece up to a semicolon that is a statement from one of its verbs on. */
function readPieces(source: string, facts: SqlFacts, reader: BodyReader): void {
  for (const piece of source.split(';').slice(0, 2000)) {
    const dynamic = /\bexecute\s+((?:e?'(?:[^']|'')*')|\$(\w*)\$.*\$\2\$)/is.exec(piece)?.[1];
    if (dynamic !== undefined) readDynamic({ PLpgSQL_expr: { query: dynamic } }, facts, reader);
    for (const found of [...piece.matchAll(verbs)].slice(0, 20)) {
      const text = piece.slice(found.index).replace(/^perform\b/i, 'select');
      const { statements, wrong } = reader.parser.parse(text);
      if (wrong !== undefined) continue;
      for (const statement of statements) addFacts(facts, readAt(statement, text, reader));
      break;
    }
  }
}

import { lexSql, type SqlToken } from './lex-sql.ts';
import { splitSql, type SqlStatement } from './split-sql.ts';
import { readRowChanges } from './read-row-changes.ts';
import { SqlCursor } from './sql-cursor.ts';
import type { SqlFacts } from './sql-facts.ts';

/** After one of these, inside PL/pgSQL, a statement may begin. */
const openers = new Set(['begin', 'then', 'else', 'loop', 'declare']);
/** What a statement inside PL/pgSQL can begin with to have an effect of its own. */
const verbs = new Set([
  'insert', 'update', 'delete', 'merge', 'with', 'select', 'truncate', 'drop', 'alter', 'create', 'copy', 'grant', 'revoke',
  'refresh', 'call', 'commit', 'rollback', 'cluster', 'execute', 'perform',
]); // prettier-ignore

/** In tokens: each verb of a body is read up to its semicolon, so the work could grow with the square of its length. */
const longestBody = 20_000;

type ReadStatement = (statement: SqlStatement) => SqlFacts;

/** DO blocks: reads the statements inside, and the text of EXECUTE where it stands there as a string. */
export function readBody(cursor: SqlCursor, facts: SqlFacts, read: ReadStatement): void {
  const body = cursor.tokens.find(({ kind }) => kind === 'dollar' || kind === 'string');
  cursor.takes('language');
  const language = cursor.tokens.findIndex(({ kind, value }) => kind === 'word' && value === 'language');
  const named = language === -1 ? 'plpgsql' : (cursor.tokens[language + 1]?.value ?? '');
  if (body === undefined || (named !== 'plpgsql' && named !== 'sql')) {
    facts.hidden = `its language is ${named}`;
    return;
  }
  const inside = lexSql(body.value);
  if (inside.length > longestBody) {
    facts.hidden = 'it is too long to be read';
    return;
  }
  // Also where a loop or a variable takes the rows: FOR r IN DELETE … RETURNING …
  readRowChanges(new SqlCursor(inside), facts);
  for (const tokens of piecesOf(inside)) {
    const first = tokens[0];
    if (first === undefined) continue;
    if (first.value === 'execute') readExecute(tokens, facts, read);
    else
      merge(
        facts,
        read({
          tokens: first.value === 'perform' ? [{ ...first, value: 'select' }, ...tokens.slice(1)] : tokens,
          start: 0,
          end: 0,
        }),
      );
  }
}

/** Each run of tokens that begins with a verb where a statement can begin, up to the next semicolon. */
function piecesOf(tokens: SqlToken[]): SqlToken[][] {
  const pieces: SqlToken[][] = [];
  let end = tokens.length;
  for (let index = tokens.length - 1; index >= 0; index--) {
    const token = tokens[index];
    const before = tokens[index - 1];
    if (token?.kind === 'semicolon') end = index;
    const dynamic = token?.value === 'execute' && !/^(function|procedure|on)$/.test(tokens[index + 1]?.value ?? '');
    const begins =
      dynamic ||
      before === undefined ||
      before.kind === 'semicolon' ||
      (before.kind === 'word' && openers.has(before.value));
    if (begins && token?.kind === 'word' && verbs.has(token.value)) pieces.push(tokens.slice(index, end));
  }
  return pieces.reverse();
}

function readExecute(tokens: SqlToken[], facts: SqlFacts, read: ReadStatement): void {
  const format = tokens[1]?.value === 'format' && tokens[2]?.value === '(';
  const text = tokens[format ? 3 : 1];
  const after = tokens[format ? 4 : 2];
  if (text?.kind !== 'string' || (after?.kind === 'symbol' && after.value === '|')) {
    facts.hidden = 'it runs SQL that it puts together itself';
    return;
  }
  // Names that are put in when it runs are unknown now: a name that no pattern of a careful plan leaves out.
  for (const statement of splitSql(text.value.replaceAll(/%(\d+\$)?[IsL]/g, ' "%" '))) merge(facts, read(statement));
}

function merge(into: SqlFacts, from: SqlFacts): void {
  into.effects.push(...from.effects);
  into.discards.push(...from.discards);
  into.makes.push(...from.makes);
  into.movesSearchPath ||= from.movesSearchPath;
  into.alone ||= from.alone;
  if (from.hidden !== undefined) into.hidden ??= from.hidden;
  if (from.refusal !== undefined) into.refusal ??= from.refusal;
}

import { lexSql, type SqlToken } from './lex-sql.ts';

/** One statement of a script. */
export interface SqlStatement {
  tokens: SqlToken[];
  start: number;
  end: number;
}

/** Cuts a script into statements, not inside parentheses (rules) nor inside `BEGIN ATOMIC … END` (function bodies). */
export function splitSql(text: string): SqlStatement[] {
  const statements: SqlStatement[] = [];
  let tokens: SqlToken[] = [];
  let parens = 0;
  let atomic = 0;
  const close = () => {
    const first = tokens[0];
    const last = tokens[tokens.length - 1];
    if (first && last) statements.push({ tokens, start: first.start, end: last.end });
    [tokens, parens, atomic] = [[], 0, 0];
  };
  for (const token of lexSql(text)) {
    const previous = tokens[tokens.length - 1];
    if (token.kind === 'symbol' && token.value === '(') parens++;
    else if (token.kind === 'symbol' && token.value === ')') parens = Math.max(0, parens - 1);
    else if (token.kind === 'word') {
      if (token.value === 'atomic' && previous?.value === 'begin' && makesRoutine(tokens)) atomic++;
      else if (atomic > 0 && token.value === 'case') atomic++;
      else if (atomic > 0 && token.value === 'end') atomic--;
    }
    if (token.kind === 'semicolon' && parens === 0 && atomic === 0) close();
    else tokens.push(token);
  }
  close();
  return statements;
}

function makesRoutine(tokens: readonly SqlToken[]): boolean {
  return (
    tokens[0]?.value === 'create' &&
    tokens.slice(1, 8).some(({ kind, value }) => kind === 'word' && /^(function|procedure)$/.test(value))
  );
}

/**
 * PostgreSQL's lexical rules, as in its manual, chapter 4.1: enough to tell words from strings and comments, so that what
 * a statement does is read from its words and never from a text that it carries.
 */
export interface SqlToken {
  kind: 'word' | 'quoted' | 'string' | 'dollar' | 'number' | 'symbol' | 'semicolon' | 'backslash' | 'unclosed';
  /** Words in lower case, quoted names and strings without their quotes; anything else as written. */
  value: string;
  /** Offsets in the text, in characters. */
  start: number;
  end: number;
}

const lineBreak = /[\r\n]/g;
const wordStart = /[A-Za-z_\u0080-\uffff]/;
const word = /[A-Za-z_\u0080-\uffff][A-Za-z0-9_$\u0080-\uffff]*/y;
const number = /(?:0[xX][0-9a-fA-F_]+|\d[\d_]*(?:\.\d*)?(?:[eE][+-]?\d+)?|\.\d+(?:[eE][+-]?\d+)?)/y;
const dollarTag = /\$(?:[A-Za-z_\u0080-\uffff][A-Za-z0-9_\u0080-\uffff]*)?\$/y;

function matchAt(pattern: RegExp, text: string, at: number): string | undefined {
  pattern.lastIndex = at;
  return pattern.exec(text)?.[0];
}

/** End of a quoted run that began at `from`; doubled quotes, and with `escapes` backslashes, stand for themselves. */
function quotedEnd(text: string, from: number, quote: string, escapes: boolean): number | undefined {
  for (let at = from + 1; at < text.length; at++) {
    if (escapes && text[at] === '\\') at++;
    else if (text[at] === quote) {
      if (text[at + 1] !== quote) return at + 1;
      at++;
    }
  }
  return undefined;
}

/** Where a line ends: at a carriage return too, as PostgreSQL sees it. */
function lineEnd(text: string, from: number): number {
  lineBreak.lastIndex = from;
  return lineBreak.exec(text)?.index ?? text.length;
}

/** End of a block comment, which may hold others. */
function commentEnd(text: string, from: number): number | undefined {
  let depth = 0;
  for (let at = from; at < text.length - 1; at++) {
    const two = text.slice(at, at + 2);
    if (two === '/*') [depth, at] = [depth + 1, at + 1];
    else if (two === '*/') {
      [depth, at] = [depth - 1, at + 1];
      if (depth === 0) return at + 1;
    }
  }
  return undefined;
}

const characterOf = (hex: string) => {
  const code = Number.parseInt(hex, 16);
  return code <= 0x10ffff ? String.fromCodePoint(code) : '\ufffd';
};

/** `U&"\0064rop"`: names that hide behind their code points. */
function decodeUnicode(inner: string): string {
  return inner.replace(/\\(?:\+([0-9a-fA-F]{6})|([0-9a-fA-F]{4})|\\)/g, (_whole, six?: string, four?: string) => {
    const hex = six ?? four;
    return hex === undefined ? '\\' : characterOf(hex);
  });
}

/** `E'it\'s'` */
function decodeEscapes(inner: string): string {
  const letters: Record<string, string> = { b: '\b', f: '\f', n: '\n', r: '\r', t: '\t' };
  const escape = /\\(?:x([0-9a-fA-F]{1,2})|u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8})|([0-7]{1,3})|([^]))/g;
  return inner.replace(escape, (_whole, x?: string, u?: string, long?: string, octal?: string, letter?: string) => {
    const hex = x ?? u ?? long;
    if (hex !== undefined) return characterOf(hex);
    if (octal !== undefined) return String.fromCodePoint(Number.parseInt(octal, 8) & 0xff);
    return letters[letter ?? ''] ?? letter ?? '';
  });
}

/** All tokens of a text, comments and white space left out. Never throws: what has no end becomes `unclosed`. */
export function lexSql(text: string): SqlToken[] {
  const tokens: SqlToken[] = [];
  let at = 0;
  const push = (kind: SqlToken['kind'], value: string, end: number) => {
    tokens.push({ kind, value, start: at, end });
    at = end;
  };
  const quoted = (kind: 'string' | 'quoted', from: number, escapes: boolean, decode = (inner: string) => inner) => {
    const quote = text[from] ?? '';
    const end = quotedEnd(text, from, quote, escapes);
    if (end === undefined) push('unclosed', text.slice(at), text.length);
    else push(kind, decode(text.slice(from + 1, end - 1).replaceAll(quote + quote, quote)), end);
  };
  while (at < text.length) {
    const here = text[at] ?? '';
    const two = text.slice(at, at + 2);
    if (/\s/.test(here)) at++;
    else if (two === '--') {
      at = lineEnd(text, at);
    } else if (two === '/*') {
      const end = commentEnd(text, at);
      if (end === undefined) push('unclosed', '/*', text.length);
      else at = end;
    } else if (here === "'") quoted('string', at, false);
    else if (here === '"') quoted('quoted', at, false);
    else if (/[eE]'/.test(two)) quoted('string', at + 1, true, decodeEscapes);
    else if (/[bBxXnN]'/.test(two)) quoted('string', at + 1, false);
    else if (/[uU]&['"]/.test(text.slice(at, at + 3)))
      quoted(text[at + 2] === "'" ? 'string' : 'quoted', at + 2, false, decodeUnicode);
    else if (here === '$' && matchAt(dollarTag, text, at) !== undefined) {
      const tag = matchAt(dollarTag, text, at) ?? '';
      const end = text.indexOf(tag, at + tag.length);
      if (end === -1) push('unclosed', tag, text.length);
      else push('dollar', text.slice(at + tag.length, end), end + tag.length);
    } else if (wordStart.test(here)) {
      const found = matchAt(word, text, at) ?? here;
      push('word', found.toLowerCase(), at + found.length);
    } else if (/[0-9]/.test(here) || /\.\d/.test(two)) {
      const found = matchAt(number, text, at) ?? here;
      push('number', found, at + found.length);
    } else if (here === ';') push('semicolon', ';', at + 1);
    else if (here === '\\') {
      // Nothing in SQL: only psql knows it, and takes the rest of the line.
      push('backslash', text.slice(at, lineEnd(text, at)), lineEnd(text, at));
    } else if (two === '::' || two === ':=') push('symbol', two, at + 2);
    else push('symbol', here, at + 1);
  }
  return tokens;
}

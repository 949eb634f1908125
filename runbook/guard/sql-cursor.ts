import type { SqlToken } from './lex-sql.ts';
import { objectKey, type SqlEffect, type SqlName } from './sql-facts.ts';

/** PostgreSQL cuts names at 63 bytes, and so two spellings can mean one table. */
function cutName(name: string): string {
  if (name.length <= 20) return name;
  const bytes = new TextEncoder().encode(name);
  return bytes.length <= 63 ? name : new TextDecoder().decode(bytes.slice(0, 63)).replace(/\ufffd+$/, '');
}

/** Walks over the tokens of one statement. */
export class SqlCursor {
  at = 0;
  constructor(readonly tokens: readonly SqlToken[]) {}

  peek(ahead = 0): SqlToken | undefined {
    return this.tokens[this.at + ahead];
  }

  get done(): boolean {
    return this.at >= this.tokens.length;
  }

  /** Whether the next tokens are these words or symbols, without taking them. */
  sees(...values: string[]): boolean {
    return values.every((value, index) => {
      const token = this.peek(index);
      return token?.value === value && (token.kind === 'word' || token.kind === 'symbol');
    });
  }

  /** Takes these words or symbols when they come next. */
  takes(...values: string[]): boolean {
    if (!this.sees(...values)) return false;
    this.at += values.length;
    return true;
  }

  /** Takes one of the words and returns it. */
  takesOneOf(values: readonly string[]): string | undefined {
    return values.find((value) => this.takes(value));
  }

  /** Takes a name: `orders`, `public.orders`, `shop.public."Orders"`. */
  name(): SqlName | undefined {
    const parts: string[] = [];
    for (;;) {
      const token = this.peek();
      if (token?.kind !== 'word' && token?.kind !== 'quoted') break;
      parts.push(cutName(token.value));
      this.at++;
      if (!this.takes('.')) break;
    }
    const name = parts.at(-1);
    if (name === undefined) return undefined;
    const schema = parts.at(-2);
    return schema === undefined ? { name } : { schema, name };
  }

  /** Takes names between commas; `ONLY` and `*` around a name are skipped. */
  names(): SqlName[] {
    const names: SqlName[] = [];
    do {
      this.takes('only');
      const name = this.name();
      if (name === undefined) break;
      this.takes('*');
      names.push(name);
    } while (this.takes(','));
    return names;
  }

  /** Whether a word stands anywhere in the rest. */
  has(...values: string[]): boolean {
    const from = this.at;
    for (let at = from; at < this.tokens.length; at++) {
      this.at = at;
      if (this.sees(...values)) {
        this.at = from;
        return true;
      }
    }
    this.at = from;
    return false;
  }

  /** Moves behind the first place where these words stand outside parentheses. */
  skipPast(...values: string[]): boolean {
    let depth = 0;
    for (let at = this.at; at < this.tokens.length; at++) {
      const token = this.tokens[at];
      if (token?.kind === 'symbol' && token.value === '(') depth++;
      if (token?.kind === 'symbol' && token.value === ')') depth--;
      const from = this.at;
      this.at = at;
      if (depth === 0 && this.takes(...values)) return true;
      this.at = from;
    }
    return false;
  }

  /** The rest, cut at commas outside parentheses. */
  parts(): SqlCursor[] {
    const parts: SqlToken[][] = [[]];
    let depth = 0;
    for (const token of this.tokens.slice(this.at)) {
      if (token.kind === 'symbol' && token.value === '(') depth++;
      if (token.kind === 'symbol' && token.value === ')') depth--;
      if (depth === 0 && token.kind === 'symbol' && token.value === ',') parts.push([]);
      else parts.at(-1)?.push(token);
    }
    return parts.map((tokens) => new SqlCursor(tokens));
  }
}

/** A change of an object that is neither table nor part of one: a function, a type, a role. */
export function otherObject(cursor: SqlCursor, action: string, type: string | undefined): SqlEffect[] {
  const name = cursor.name();
  return [{ how: 'changes', action, ...(name === undefined ? {} : { part: objectKey(name, type) }) }];
}

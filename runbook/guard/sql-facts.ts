import type { SqlToken } from './lex-sql.ts';

/** A database object as a statement names it. */
export interface SqlName {
  /** Undefined where the statement leaves it to the search path. */
  schema?: string;
  name: string;
}

/**
 * What a statement does to one thing.
 * `adds`: what was there stays as it is. `writes`: rows come or change. `changes`: structure, name or rights change.
 * `discards`: data is lost.
 */
export interface SqlEffect {
  how: 'adds' | 'writes' | 'changes' | 'discards';
  /** What the statement says, in capitals: `DROP TABLE`. */
  action: string;
  /** The table, view or sequence. */
  table?: SqlName;
  /** Reaches further than one table: everything in a schema, everything in the database, or what depends on it. */
  wide?: { schema: string } | 'database' | 'dependents';
  /** A part of the table with a name of its own, e.g. a trigger. */
  part?: string;
}

/** A statement that no step may hold. */
export interface SqlRefusal {
  message: string;
  hint: string;
}

export interface SqlFacts {
  start: number;
  end: number;
  /** The first words, in capitals. */
  verb: string;
  effects: SqlEffect[];
  /** Objects that the statement makes and that were surely not there before: keys as `objectKey` writes them. */
  makes: string[];
  /** What it discards, in the words of the statement: `DROP TABLE orders_v2`. */
  discards: string[];
  /** Cannot run inside a transaction. */
  alone: boolean;
  /** Why what it does cannot be read from it. */
  hidden?: string;
  refusal?: SqlRefusal;
  /** From here on, names without a schema can be anywhere. */
  movesSearchPath: boolean;
}

export function emptyFacts(start: number, end: number, verb: string): SqlFacts {
  return { start, end, verb, effects: [], makes: [], discards: [], alone: false, movesSearchPath: false };
}

/** One text for one object: `public.orders`, `trigger public.orders.audit`, `index public.by_day`. */
export function objectKey(name: SqlName, part?: string): string {
  const table = `${name.schema ?? 'public'}.${name.name}`;
  return part === undefined ? table : `${part} ${table}`;
}

export function showName(name: SqlName): string {
  return name.schema === undefined ? name.name : `${name.schema}.${name.name}`;
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
      parts.push(token.value);
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

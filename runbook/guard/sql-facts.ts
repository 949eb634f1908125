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
  /** May run without a transaction around it: it cannot touch a row, so there is nothing to abort. */
  harmlessOutside: boolean;
  /** Why what it does cannot be read from it. */
  hidden?: string;
  refusal?: SqlRefusal;
  /** SELECT … INTO: a new table in SQL, a variable in PL/pgSQL. */
  selectsInto: boolean;
  /** From here on, names without a schema can be anywhere. */
  movesSearchPath: boolean;
}

export function emptyFacts(start: number, end: number, verb: string): SqlFacts {
  return {
    start,
    end,
    verb,
    effects: [],
    makes: [],
    discards: [],
    alone: false,
    harmlessOutside: false,
    selectsInto: false,
    movesSearchPath: false,
  };
}

/** One text for one object: `public.orders`, `trigger public.orders.audit`, `index public.by_day`. */
export function objectKey(name: SqlName, part?: string): string {
  const table = `${name.schema ?? 'public'}.${name.name}`;
  return part === undefined ? table : `${part} ${table}`;
}

export function showName(name: SqlName): string {
  return name.schema === undefined ? name.name : `${name.schema}.${name.name}`;
}

/** Whether an effect is on something that was made before, by the same script or by the step that it takes back. */
export function isMade({ table, part }: SqlEffect, made: ReadonlySet<string>): boolean {
  if (table === undefined) return part !== undefined && made.has(part);
  return made.has(objectKey(table)) || (part !== undefined && made.has(objectKey(table, part)));
}

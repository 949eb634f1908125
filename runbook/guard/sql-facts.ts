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
  /** Not a table itself, but what tables are made of or read by, in words: `the type pay`. Which ones, only the catalogue knows. */
  meaning?: string;
  /** A part of the table with a name of its own, e.g. a trigger; without a table, the object itself: `type public.pay`. */
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
  /** Kind of the statement in PostgreSQL's parse tree. */
  kind: string;
  /** The first words, in capitals. */
  verb: string;
  effects: SqlEffect[];
  /** Objects that the statement makes and that were surely not there before: keys as `objectKey` writes them. */
  makes: string[];
  /** What it discards, in the words of the statement: `DROP TABLE orders_v2`. */
  discards: string[];
  /** What it changes in the server beside the database, which a dump of the database does not hold: `role app`. */
  globals: string[];
  /** Cannot run inside a transaction. */
  alone: boolean;
  /** May run without a transaction around it: it cannot touch a row, so there is nothing to abort. */
  harmlessOutside: boolean;
  /** Why what it does cannot be read from it. */
  hidden?: string;
  refusal?: SqlRefusal;
  /** From here on, names without a schema can be anywhere. */
  movesSearchPath: boolean;
  /** Functions that it calls and whose effects are not known, as `objectKey` writes them. */
  calls: string[];
  /** A function that it makes, with what its body does once it is called. */
  defines?: { key: string; body: SqlFacts };
}

export function emptyFacts(start: number, end: number, kind: string, verb: string): SqlFacts {
  return {
    start,
    end,
    kind,
    verb,
    effects: [],
    makes: [],
    discards: [],
    globals: [],
    alone: false,
    harmlessOutside: false,
    movesSearchPath: false,
    calls: [],
  };
}

/** What a statement does by way of another one inside it. */
export function addFacts(into: SqlFacts, from: SqlFacts): void {
  into.effects.push(...from.effects);
  into.discards.push(...from.discards);
  into.makes.push(...from.makes);
  into.globals.push(...from.globals);
  into.calls.push(...from.calls);
  into.movesSearchPath ||= from.movesSearchPath;
  into.alone ||= from.alone;
  if (from.hidden !== undefined) into.hidden ??= from.hidden;
  if (from.refusal !== undefined) into.refusal ??= from.refusal;
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

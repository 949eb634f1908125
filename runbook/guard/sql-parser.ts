import type { SqlFields } from './sql-tree.ts';

/** One statement of a script, as PostgreSQL's own grammar reads it. */
export interface ParsedStatement {
  /** Kind of the statement's node in PostgreSQL's parse tree, e.g. `DropStmt`. */
  kind: string;
  fields: SqlFields;
  /** Where it stands in the script, in characters, without the comments before it. */
  start: number;
  end: number;
}

/** A script in statements, or the place at which it stops being SQL. */
export interface ParsedScript {
  statements: ParsedStatement[];
  /** Nothing of the script is known where there is one: where its first statement ends is not certain either. */
  wrong?: { message: string; start: number; end: number };
}

/**
 * PostgreSQL's own parser. It is passed in: what decides here is pure, and the parser is a library with a binary in it.
 * Both functions return on every text and throw on none.
 */
export interface SqlParser {
  parse(text: string): ParsedScript;
  /** The tree of the PL/pgSQL body in a DO or CREATE FUNCTION statement; undefined where it cannot be read. */
  parseBody(statement: string): SqlFields | undefined;
}

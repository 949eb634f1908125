export { guardSql, type GuardFinding, type GuardSqlOptions } from './guard-sql.ts';
export { changingWords, notOneQuery, sqlDiscards, sqlGlobals, sqlIsAdditive, sqlMakes } from './sql-verdicts.ts';
export { readSql } from './read-sql.ts';
export type { SqlEffect, SqlFacts, SqlName } from './sql-facts.ts';
export { tableMatches } from './table-pattern.ts';
export { guardPath, pathReaches, type PathFinding } from './guard-path.ts';
export { guardCompose, type ComposeFinding } from './guard-compose.ts';
export type { ParsedScript, ParsedStatement, SqlParser } from './sql-parser.ts';
export {
  allowedWriters,
  bytesName,
  guardWriters,
  isBytes,
  strangerSays,
  strangersTo,
  writersNamed,
  type AllowedWriters,
  type Stranger,
} from './guard-writers.ts';
export { writableMounts, type ProtectedBytes, type StackPlace, type WritableMount } from './writable-mounts.ts';

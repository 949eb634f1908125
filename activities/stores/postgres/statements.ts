import { splitSql } from '../../../runbook/guard/split-sql.ts';

/** The statements of a script, as written. */
export const statementsOf = (text: string): string[] =>
  splitSql(text).map((statement) => text.slice(statement.start, statement.end));

export const countStatements = (text: string): number => splitSql(text).length;

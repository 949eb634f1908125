import { SwitchbackError } from '../../../runbook/errors.ts';
import { readSql, type SqlFacts, type SqlParser } from '../../../runbook/guard/index.ts';

/** One statement of a step: sent by itself, so that the server runs none that the parser has not seen. */
export interface StepStatement {
  text: string;
  /** Where it begins in the script. */
  line: number;
  facts: SqlFacts;
}

/**
 * The statements of a script.
 * @throws `Unsupported` for what is no SQL, and for what no step may hold, such as a COMMIT
 */
export function statementsOf(text: string, parser: SqlParser, store: string): StepStatement[] {
  let [line, seen] = [1, 0];
  return readSql(text, parser).map((facts) => {
    line += text.slice(seen, facts.start).split('\n').length - 1;
    seen = facts.start;
    if (facts.refusal === undefined) return { text: text.slice(facts.start, facts.end), line, facts };
    throw new SwitchbackError('Unsupported', `store ${store}, line ${line} of its SQL: ${facts.refusal.message}`, {
      hint: facts.refusal.hint,
    });
  });
}

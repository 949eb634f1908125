import { assignments, comment, oneLine } from './quote.ts';

/** One numbered step of a script: what the shell sets before it calls the functions of that kind. */
export interface Step {
  kind: 'checkpoint' | 'image' | 'files' | 'sql' | 'tag' | 'checks' | 'manual';
  title: string;
  /** Id of the rollback operation that it does. */
  operation: string;
  /** Words by the name of the variable; a list becomes an array. */
  set: Readonly<Record<string, string | readonly string[]>>;
}

/** Why a script cannot do an operation safely, and what a person types instead. */
export interface ByHand {
  why: string;
  commands: readonly string[];
  /** Files with their SHA-256, compared before anything is done: `SHA256 FILE` each. */
  parts?: readonly string[];
}

export const byHand = (operation: string, title: string, { why, commands, parts = [] }: ByHand): Step => ({
  kind: 'manual',
  title,
  operation,
  set: { why_by_hand: why, commands: commands.map(oneLine), parts },
});

export function renderStep({ kind, title, operation, set }: Step, number: number): string {
  const all = { title: oneLine(title), kind, operation, ...set };
  return `${comment([title])}\nstep_${number}() {\n${assignments(all, '  ')}\n}`;
}

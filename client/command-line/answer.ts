import type { Page } from '../rendering/style.ts';

/** What to type next, and what it does. */
export interface NextStep {
  type: string;
  why: string;
}

/** What a verb answers: one document for machines, and the same for people. */
export interface Answer {
  data: object;
  /** Lines for people, laid out for their page. */
  lines(page: Page): string[];
  next?: readonly NextStep[];
  exitCode?: number;
}

/** The exit codes that are not those of an error; all of them are explained in docs/exit-codes.md. */
export const exitCodes = { ok: 0, bug: 1, usage: 2, failed: 6, needsPerson: 7, interrupted: 130 } as const;

/** An answer as text, with what to type next below it. */
export function renderAnswer(answer: Answer, page: Page): string {
  const lines = [...answer.lines(page)];
  if (answer.next && answer.next.length > 0) lines.push('', ...renderNext(answer.next, page));
  return lines.join('\n');
}

/** An answer as one JSON document; `next` is part of it, so that a script can offer the same way on. */
export const renderJson = (answer: Answer) =>
  JSON.stringify(answer.next ? { ...answer.data, next: answer.next } : answer.data, null, 2);

export function renderNext(next: readonly NextStep[], { style }: Page): string[] {
  const width = Math.max(...next.map((step) => step.type.length));
  return [
    style.bold('Type next:'),
    ...next.map((step) => `  ${style.cyan(step.type)}${' '.repeat(width - step.type.length)}  ${style.dim(step.why)}`),
  ];
}

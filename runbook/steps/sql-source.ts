import type { GuardFinding } from '../guard/index.ts';
import type { Finding, PlanPath } from '../plan/finding.ts';
import { didYouMean } from '../plan/did-you-mean.ts';
import type { StepContext } from './step-kind.ts';

/** Where the text of SQL is. */
export type SqlSource = { file: string } | { statement: string };

/** The SQL itself; undefined when its file could not be read, which is reported by itself. */
export function sqlText(source: SqlSource, context: Pick<StepContext, 'files'>): string | undefined {
  if ('statement' in source) return source.statement;
  const file = context.files.get(source.file, 'sql');
  return file?.found === 'sql' ? file.text : undefined;
}

/** What the guard found, at its place in the file, or in the plan. */
export function guardFindings(found: GuardFinding[], path: PlanPath, source: SqlSource): Finding[] {
  return found.map(({ severity, message, hint, start, end }) => ({
    path,
    severity,
    message,
    ...(hint === undefined ? {} : { hint }),
    ...('file' in source ? { inside: { file: source.file, start, end } } : {}),
  }));
}

export function unknownStore(store: string, context: { stores: Record<string, unknown> }, path: PlanPath): Finding[] {
  const known = Object.keys(context.stores);
  if (known.includes(store)) return [];
  return [
    { path, severity: 'error', message: `there is no store \`${store}\``, hint: didYouMean(store, known, 'stores') },
  ];
}

import type { GuardFinding } from '../guard/index.ts';
import type { Finding, PlanPath } from '../plan/finding.ts';
import { didYouMean } from '../plan/did-you-mean.ts';
import type { StepContext } from './step-kind.ts';
import { storeKinds, type StoreKindName, type StorePart, type StoreRef } from '../stores/index.ts';

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

export function unknownStore(
  store: string,
  context: { stores: Record<string, Partial<Pick<StoreRef, 'kind'>>> },
  path: PlanPath,
  part?: StorePart,
): Finding[] {
  const known = Object.keys(context.stores);
  if (known.includes(store))
    return part === undefined ? [] : lackedPart(store, context.stores[store]?.kind, part, path);
  return [
    { path, severity: 'error', message: `there is no store \`${store}\``, hint: didYouMean(store, known, 'stores') },
  ];
}

/** What a kind of store is asked for in a plan, in words. */
const asked: Record<StorePart, string> = {
  probe: 'be asked by a query',
  backup: 'be backed up',
  restore: 'be restored',
  fingerprint: 'say what a restore would lose',
  change: 'take steps of SQL',
  compare: 'be compared',
  rehearse: 'be rehearsed on a clone',
};

function lackedPart(store: string, kind: StoreKindName | undefined, part: StorePart, path: PlanPath): Finding[] {
  if (kind === undefined || storeKinds[kind].can.includes(part)) return [];
  const able = Object.values(storeKinds).filter(({ can }) => can.includes(part));
  return [
    {
      path,
      severity: 'error',
      message: `the store \`${store}\` is of ${storeKinds[kind].title}, which cannot ${asked[part]}`,
      hint: `Stores that can: ${able.map(({ title }) => title).join(', ')}.`,
    },
  ];
}

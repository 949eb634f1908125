import type { Document } from 'yaml';
import { findPlainSecret, isSecretKey, isSecretReference, secretHint } from '../../runbook/plan/index.ts';
import { scalars } from './locate.ts';
import type { Blackout, Mistake } from './plan-issue.ts';
import type { SourceText } from './source-text.ts';

/** Secrets that stand in the plan itself, and the places that no message may show. */
export function findSecrets(
  document: Document.Parsed,
  source: SourceText,
): { mistakes: Mistake[]; blackouts: Blackout[] } {
  const mistakes: Mistake[] = [];
  const blackouts: Blackout[] = [];
  for (const { path, key, value, node } of scalars(document.contents)) {
    const start = node.range?.[0] ?? 0;
    const end = Math.max(node.range?.[1] ?? start, start + 1);
    const byKey = isSecretKey(key) && !isSecretReference(value);
    const found = byKey ? undefined : findPlainSecret(value);
    if (!byKey && found === undefined) continue;
    const message = byKey ? `\`${key}\` is written out` : `${found?.what ?? 'a secret'} is written out`;
    // Arguments are seen by everybody who may list processes, so a reference is no way out there.
    const argument = typeof path.at(-1) === 'number';
    const hint =
      found?.hint ??
      (argument
        ? "Leave it out: the command has the service's environment, and the secret belongs there."
        : secretHint);
    mistakes.push({ source, start, end, path, message, hint, severity: 'error' });
    // The whole value: escapes and folding make it unsure where in the text a part of it stands.
    blackouts.push({ source, start, end });
  }
  return { mistakes, blackouts };
}

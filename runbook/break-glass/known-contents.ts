import type { CompiledPlan } from '../compiled-plan.ts';
import type { Json } from '../json.ts';
import { standingOperations, type TargetState } from '../target-state.ts';

/**
 * Digests of all contents that the active files may hold without anybody having edited them: what the journal says of them, and what
 * operations that stand have switched from and to. An operation that was killed may have left either.
 */
export function knownContents(state: TargetState, { stack }: CompiledPlan): string[] {
  const paths = [stack.compose, ...(stack.env === undefined ? [] : [stack.env])];
  const known = new Set(paths.flatMap((path) => state.identities.get(`file:${path}`)?.split('|') ?? []));
  for (const { prepared } of standingOperations(state)) {
    const { files, from, to } = prepared.facts;
    const switched = Array.isArray(files) ? files.filter(isSwitch).filter((file) => paths.includes(file.path)) : [];
    for (const file of [...switched, { from, to }])
      for (const digest of [file.from, file.to]) if (typeof digest === 'string') known.add(digest);
  }
  return [...known].filter((digest) => digest === 'absent' || /^[0-9a-f]{64}$/.test(digest)).sort();
}

const isSwitch = (value: Json): value is { path: string; from: string; to: string } =>
  typeof value === 'object' && value !== null && !Array.isArray(value) && typeof value['path'] === 'string';

import { operationVersion, type Operation, type Stage } from '../operations.ts';
import type { OperationDraft } from '../steps/index.ts';

/** Gives drafts the ids, versions and host that make them operations: `PHASE/STAGE/NN-KIND`, the same on every compilation. */
export function numberOperations(
  drafts: readonly OperationDraft[],
  phase: string,
  stage: Stage,
  host: string,
): Operation[] {
  return drafts.map((draft, index) => ({
    ...draft,
    id: `${phase}/${stage}/${String(index + 1).padStart(2, '0')}-${draft.kind}`,
    version: operationVersion[draft.kind],
    phase,
    stage,
    host,
  }));
}

import type { z } from 'zod';
import { keyed } from '../plan/keyed.ts';
import { composeStep } from './compose.ts';
import { filesStep } from './files.ts';
import { imageStep } from './image.ts';
import { manifestsStep } from './manifests.ts';
import { runStep } from './run.ts';
import { sqlStep } from './sql.ts';
import type { StepKind } from './step-kind.ts';

/** The registry of step kinds: one line for each. */
export const stepKinds = {
  sql: sqlStep,
  run: runStep,
  files: filesStep,
  image: imageStep,
  compose: composeStep,
  manifests: manifestsStep,
};

export const stepSchema = keyed('a step', {
  sql: stepKinds.sql.schema,
  run: stepKinds.run.schema,
  files: stepKinds.files.schema,
  image: stepKinds.image.schema,
  compose: stepKinds.compose.schema,
  manifests: stepKinds.manifests.schema,
});

export type Step = z.output<typeof stepSchema>;

/** The kind of a step that the schema has accepted. */
export function kindOf(step: Step): StepKind {
  const kind = Object.values(stepKinds).find(({ key }) => key in step);
  // The registry and the schema are the same list, so a step without a kind cannot have been parsed.
  if (kind === undefined) throw new Error(`a step of no kind: ${Object.keys(step).join(', ')}`);
  return kind;
}

export { summaryLine } from './step-kind.ts';
export type { ActiveCheckpoint, OperationDraft, StepContext, StepKind } from './step-kind.ts';
export { applyCheckpointDraft, readActive } from './checkpoint.ts';
export { isFloating } from './image.ts';
export { unknownService } from './service.ts';
export { sqlText, unknownStore } from './sql-source.ts';

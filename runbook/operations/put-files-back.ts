import { fileWords } from '../break-glass/contents.ts';
import { defineOperation, touchesNoData } from './define-operation.ts';
import type { ContentRef } from './operation.ts';

/** Puts files back exactly as they were: the undo of `restoreFiles`. */
export interface PutFilesBackInput {
  files: ContentRef[];
  written: ContentRef[];
  /** Digest of `{files, written}` as JSON in the content store: lists of any length, which a Temporal payload has no room for. */
  manifest?: string;
}

declare module './operation.ts' {
  interface OperationInputs {
    putFilesBack: PutFilesBackInput;
  }
}

export const putFilesBack = defineOperation({
  kind: 'putFilesBack',
  version: 1,
  ...touchesNoData,
  changes: 'target',
  inRollback: 'files',
  byHand: ({ id, summary, input }, script) => ({
    kind: 'files',
    title: summary,
    operation: id,
    set: { files: fileWords(input, script) },
  }),
});

import { defineOperation, touchesNoData } from './define-operation.ts';
import { noWayBack } from './no-way-back.ts';

/** Applies the objects of manifests to the namespace of a cluster, and waits until they are ready. */
export interface ApplyManifestsInput {
  cluster: string;
  /** Sealed files of the plan, in order. */
  files: string[];
  /** How long objects may take to become ready. */
  timeoutSeconds: number;
}

declare module './operation.ts' {
  interface OperationInputs {
    applyManifests: ApplyManifestsInput;
  }
}

export const applyManifests = defineOperation({
  kind: 'applyManifests',
  version: 1,
  ...touchesNoData,
  changes: 'target',
  byHand: noWayBack,
});

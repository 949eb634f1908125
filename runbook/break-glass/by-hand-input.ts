import type { CompiledPlan } from '../compiled-plan.ts';
import type { OperationRecord } from '../operation-record.ts';
import type { ContentRef } from '../operations/operation.ts';
import type { StoreKind, StoreKindName, StoreRef } from '../stores/index.ts';
import type { PointFiles } from './point-files.ts';

export type { PointFiles } from './point-files.ts';

/** What the steps of a script are made from. Paths are absolute on the home host. */
export interface ByHandInput {
  target: string;
  state: { operations: ReadonlyMap<string, OperationRecord> };
  /** The plan whose work is taken back. */
  plan: CompiledPlan;
  /** What the kind of a store says of it: given, since the schemas of kinds do not go into a workflow. */
  storeKindOf(ref: StoreRef): Pick<StoreKind<StoreKindName>, 'restoreByHand' | 'scriptAddress'>;
  home: { root: string; keyFile: string };
  /** Digests of its sealed files by their plan path. */
  sealed: Readonly<Record<string, string>>;
  /** Digest in the content store of each SQL statement that stands in the plan itself. */
  statements: ReadonlyMap<string, string>;
  /** Lists of files by the digest of their manifest. */
  lists: ReadonlyMap<string, { files: readonly ContentRef[]; written: readonly ContentRef[] }>;
  /** By `RUN/POINT`. */
  points: ReadonlyMap<string, PointFiles>;
}

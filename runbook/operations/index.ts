import { applyCheckpoint } from './apply-checkpoint.ts';
import { applyManifests } from './apply-manifests.ts';
import { applySql } from './apply-sql.ts';
import { backupStore } from './backup-store.ts';
import { backupVolume } from './backup-volume.ts';
import { checkBudget } from './check-budget.ts';
import { checkPreflight } from './check-preflight.ts';
import { compareDualRun } from './compare-dual-run.ts';
import { measureResources } from './measure-resources.ts';
import { proveBackup } from './prove-backup.ts';
import { prunePoints } from './prune-points.ts';
import { putFilesBack } from './put-files-back.ts';
import { recordBefore } from './record-before.ts';
import { recordPhase } from './record-phase.ts';
import { removeTag } from './remove-tag.ts';
import { restoreFiles } from './restore-files.ts';
import { restoreManifests } from './restore-manifests.ts';
import { restoreStore } from './restore-store.ts';
import { restoreVolume } from './restore-volume.ts';
import { runChecks } from './run-checks.ts';
import { runContainer } from './run-container.ts';
import { startUsers } from './start-users.ts';
import { stopUsers } from './stop-users.ts';
import { switchImage } from './switch-image.ts';
import { tagCheckpoint } from './tag-checkpoint.ts';
import { watchBake } from './watch-bake.ts';
import type { OperationDefinition } from './define-operation.ts';
import type { OperationKind } from './operation.ts';

export type { Budget } from './check-budget.ts';
export type { Comparison } from './compare-dual-run.ts';
export type { PreflightCheck } from './check-preflight.ts';
export type { ObjectBefore } from './restore-manifests.ts';
export type { Trigger } from '../checks.ts';
export * from './operation.ts';

/** The one list of kinds of operations: a new kind is a file beside this one, and a line here. */
export const operationKinds: { readonly [K in OperationKind]: OperationDefinition<K> } = {
  recordBefore,
  checkPreflight,
  checkBudget,
  backupVolume,
  backupStore,
  proveBackup,
  prunePoints,
  applySql,
  runContainer,
  restoreFiles,
  putFilesBack,
  switchImage,
  applyCheckpoint,
  applyManifests,
  restoreManifests,
  compareDualRun,
  runChecks,
  watchBake,
  measureResources,
  tagCheckpoint,
  removeTag,
  recordPhase,
  stopUsers,
  startUsers,
  restoreVolume,
  restoreStore,
};

/** What the kind of an operation says of it, for callers that know only that it is one. */
export const definitionOf = (kind: OperationKind): OperationDefinition<OperationKind> =>
  operationKinds[kind] as OperationDefinition<OperationKind>;

export const allKinds = Object.keys(operationKinds) as OperationKind[];
const versions = Object.fromEntries(Object.values(operationKinds).map(({ kind, version }) => [kind, version]));
export const operationVersion = versions as Record<OperationKind, number>;

/** Kinds that only look: they are run again freely and never need an intent. */
export const readOnlyKinds: readonly OperationKind[] = allKinds.filter(
  (kind) => operationKinds[kind].changes === 'nothing',
);

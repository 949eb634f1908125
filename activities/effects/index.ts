import type { ComposeCli } from '../compose/index.ts';
import type { DockerEngine } from '../docker/index.ts';
import type { EffectHandlers } from '../effect.ts';
import { applyManifestsHandler, restoreManifestsHandler } from '../platforms/kubernetes/index.ts';
import { takeSampleInService } from '../run-container/index.ts';
import type { StoreDrivers } from '../stores/registry.ts';
import type { StoreDriver } from '../stores/store.ts';
import { volumeProver } from '../volumes/index.ts';
import { applyCheckpointHandler } from './apply-checkpoint.ts';
import { applySqlHandler } from './apply-sql.ts';
import { backupStoreHandler } from './backup-store.ts';
import { backupVolumeHandler } from './backup-volume.ts';
import { checkBudgetHandler } from './check-budget.ts';
import { checkPreflightHandler } from './check-preflight.ts';
import { checkpointSight } from './checkpoint-sight.ts';
import { clearingScratch } from './clear-scratch.ts';
import { compareDualRunHandler } from './compare-dual-run.ts';
import type { CheckDependencies } from './instruments.ts';
import { measureResourcesHandler } from './measure-resources.ts';
import { proveBackupHandler } from './prove-backup.ts';
import { prunePointsHandler } from './prune-points.ts';
import { putFilesBackHandler } from './put-files-back.ts';
import { readingPoints } from './reading-points.ts';
import { recordBeforeHandler } from './record-before.ts';
import { recordPhaseHandler } from './record-phase.ts';
import { removeTagHandler } from './remove-tag.ts';
import { restoreFilesHandler } from './restore-files.ts';
import { restoreByKindHandler } from './restore-by-kind.ts';
import { restoreVolumeHandler } from './restore-volume.ts';
import { runChecksHandler } from './run-checks.ts';
import { runContainerHandler } from './run-container.ts';
import { startUsersHandler, stopUsersHandler } from './stop-users.ts';
import { switchImageHandler } from './switch-image.ts';
import { tagCheckpointHandler } from './tag-checkpoint.ts';
import { watchBakeHandler } from './watch-bake.ts';

export interface World {
  engine: DockerEngine;
  compose: ComposeCli;
  stores: StoreDrivers;
}

/** What checks are made with: in operations, and for the proof of what was done by hand. */
export const checkDependencies = ({ engine, compose, stores }: World): CheckDependencies => ({
  engine,
  stores,
  runInService: (context, request) => takeSampleInService({ engine, compose }, context, request),
});

const proversOf = ({ prover, physical }: StoreDriver) => [prover, ...(physical ? [physical.prover] : [])];

/** The one list of what performs which kind of operation: a new kind is a file beside this one, and a line here. */
export function effectHandlers(world: World): EffectHandlers {
  const { engine, stores } = world;
  const checks = checkDependencies(world);
  const checkpoints = checkpointSight(world);
  return {
    recordBefore: recordBeforeHandler({ engine }),
    checkPreflight: checkPreflightHandler({ ...checks, checkpoints }),
    checkBudget: checkBudgetHandler({ engine, checkpoints }),
    backupVolume: clearingScratch(backupVolumeHandler({ engine })),
    backupStore: clearingScratch(backupStoreHandler({ engine, stores })),
    proveBackup: clearingScratch(
      readingPoints(
        proveBackupHandler({
          engine,
          provers: [volumeProver(engine), ...Object.values(stores).flatMap(proversOf)],
        }),
      ),
    ),
    prunePoints: clearingScratch(prunePointsHandler({ engine })),
    applySql: applySqlHandler({ stores }),
    runContainer: runContainerHandler(world),
    restoreFiles: restoreFilesHandler({ engine }),
    putFilesBack: putFilesBackHandler({ engine }),
    switchImage: switchImageHandler(world),
    applyCheckpoint: applyCheckpointHandler(world),
    applyManifests: applyManifestsHandler(),
    restoreManifests: restoreManifestsHandler(),
    compareDualRun: compareDualRunHandler({ stores }),
    runChecks: runChecksHandler(checks),
    watchBake: watchBakeHandler(checks),
    measureResources: measureResourcesHandler({ engine }),
    tagCheckpoint: tagCheckpointHandler(),
    removeTag: removeTagHandler(),
    recordPhase: recordPhaseHandler({ engine, stores }),
    stopUsers: stopUsersHandler({ engine, stores }),
    startUsers: startUsersHandler({ engine }),
    restoreVolume: clearingScratch(readingPoints(restoreVolumeHandler({ engine }))),
    restoreStore: clearingScratch(readingPoints(restoreByKindHandler(world))),
  };
}

// One attempt of an operation in a process of its own, which may die on the way. Prints what it did as its last line.
import { backupStoreHandler } from '../../../activities/effects/backup-store.ts';
import { backupVolumeHandler } from '../../../activities/effects/backup-volume.ts';
import { restoreByKindHandler } from '../../../activities/effects/restore-by-kind.ts';
import { restoreVolumeHandler } from '../../../activities/effects/restore-volume.ts';
import { storeDrivers } from '../../../activities/stores/registry.ts';
import type { OperationInputs } from '../../../runbook/operations.ts';
import { KillingEngine, type KillPoint } from './killed-engine.ts';
import { attempt, type OperationSetting } from './operation-fixture.ts';

export type AttemptedKind = 'backupVolume' | 'restoreVolume' | 'backupStore' | 'restoreStore';

interface Order {
  kind: AttemptedKind;
  input: unknown;
  setting: OperationSetting;
  kill?: KillPoint;
}
const { kind, input, setting, kill } = JSON.parse(process.argv[2]!) as Order;
const engine = new KillingEngine(kill);
const stores = storeDrivers(engine);
const attempts = {
  backupVolume: () =>
    attempt(backupVolumeHandler({ engine }), 'backupVolume', input as OperationInputs['backupVolume'], setting),
  restoreVolume: () =>
    attempt(restoreVolumeHandler({ engine }), 'restoreVolume', input as OperationInputs['restoreVolume'], setting),
  backupStore: () =>
    attempt(backupStoreHandler({ engine, stores }), 'backupStore', input as OperationInputs['backupStore'], setting),
  restoreStore: () =>
    attempt(
      restoreByKindHandler({ engine, stores }),
      'restoreStore',
      input as OperationInputs['restoreStore'],
      setting,
    ),
};
const tell = (told: object) => process.stdout.write(JSON.stringify({ ...told, effects: engine.effects }));
try {
  tell({ performed: await attempts[kind]() });
} catch (error) {
  const { name, message } = error as Error;
  tell({ error: { name, message } });
}

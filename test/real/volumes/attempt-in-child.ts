// One attempt of an operation in a process of its own, which may die on the way. Prints what it did as its last line.
import { backupVolumeHandler } from '../../../activities/effects/backup-volume.ts';
import { restoreVolumeHandler } from '../../../activities/effects/restore-volume.ts';
import type { OperationInputs } from '../../../runbook/operations.ts';
import { KillingEngine, type KillPoint } from './killed-engine.ts';
import { attempt, type OperationSetting } from './operation-fixture.ts';

interface Order {
  kind: 'backupVolume' | 'restoreVolume';
  input: OperationInputs['backupVolume'] & OperationInputs['restoreVolume'];
  setting: OperationSetting;
  kill?: KillPoint;
}
const { kind, input, setting, kill } = JSON.parse(process.argv[2]!) as Order;
const engine = new KillingEngine(kill);
const tell = (told: object) => process.stdout.write(JSON.stringify({ ...told, effects: engine.effects }));
try {
  const performed =
    kind === 'backupVolume'
      ? await attempt(backupVolumeHandler({ engine }), kind, input, setting)
      : await attempt(restoreVolumeHandler({ engine }), kind, input, setting);
  tell({ performed });
} catch (error) {
  const { name, message } = error as Error;
  tell({ error: { name, message } });
}

import type { OperationInputs } from '../../runbook/operations.ts';
import type { TogetherWith } from '../../runbook/operations/backup-volume.ts';
import { SwitchbackError } from '../../runbook/errors.ts';
import type { EffectContext } from '../effect.ts';
import { readPoint } from '../points/index.ts';
import type { BackupFacts } from './archive-into-point.ts';

type Context = EffectContext<'backupVolume'>;

/** A volume that is archived in the quiet window of another operation. */
export type Companion = BackupFacts & { operation: string };

/** What a later operation of the same window sees: named after itself, so that it goes on with what was begun, and fenced as the one that acts. */
export function asCompanion(context: Context, { operation, ...input }: TogetherWith): Context {
  return { ...context, operation: { ...context.operation, id: operation, input } };
}

/** Which of them can be taken along; what is in the way of another one is told by its own operation. */
export async function preparedCompanions(
  input: OperationInputs['backupVolume'],
  context: Context,
  prepare: (own: Context) => Promise<BackupFacts>,
): Promise<Companion[]> {
  const found: Companion[] = [];
  for (const member of input.together ?? []) {
    const own = asCompanion(context, member);
    await unlessRefused(context, member, async () =>
      found.push({ operation: member.operation, ...(await prepare(own)) }),
    );
  }
  return found;
}

/** Archives them one after the other, as long as all goes well. */
export async function archiveCompanions(
  input: OperationInputs['backupVolume'],
  companions: readonly Companion[],
  context: Context,
  archive: (own: Context, facts: BackupFacts) => Promise<unknown>,
): Promise<void> {
  for (const member of input.together ?? []) {
    const facts = companions.find(({ operation }) => operation === member.operation);
    if (facts === undefined || (await takenBefore(asCompanion(context, member)))) continue;
    const went = await unlessRefused(context, member, () => archive(asCompanion(context, member), facts));
    if (!went) return;
  }
}

/** The point of an operation, where another one of its window has sealed it. */
export async function takenBefore({ operation, home, runId }: Context) {
  const sealed = await readPoint(home.points, { run: runId, point: operation.input.point });
  return sealed?.manifest.operation === operation.id ? sealed : undefined;
}

async function unlessRefused(
  context: Context,
  { volume }: TogetherWith,
  work: () => Promise<unknown>,
): Promise<boolean> {
  try {
    await work();
    return true;
  } catch (error) {
    context.signal.throwIfAborted();
    if (!(error instanceof SwitchbackError) || error.name === 'LeaseLost') throw error;
    context.log(`volume ${volume} is left to its own operation: ${error.message}`);
    return false;
  }
}

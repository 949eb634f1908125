import { readFile } from 'node:fs/promises';
import { breakGlassHolder } from '../../runbook/break-glass/index.ts';
import { SwitchbackError } from '../../runbook/errors.ts';
import type { TargetState } from '../../runbook/target-state.ts';
import { startTimeOf } from '../compose/process-start.ts';

/** @throws SwitchbackError `Conflict` while the script that holds the target's lease is still at work on this host */
export async function refuseLivingScript({ holder }: TargetState): Promise<void> {
  if (holder?.workflowId !== breakGlassHolder) return;
  const [boot = '', pid = '', started = ''] = holder.workflowRunId.split('/');
  if (!/^\d+$/.test(pid) || started === '' || (await startTimeOf(Number(pid))) !== started) return;
  const now = await readFile('/proc/sys/kernel/random/boot_id', 'utf8').catch(() => boot);
  if (now.trim() !== boot) return;
  throw new SwitchbackError('Conflict', `the break-glass script is still at work (pid ${pid})`, {
    hint: 'Let it end first.',
  });
}

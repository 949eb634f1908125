import { setTimeout as pause } from 'node:timers/promises';
import { runChecks } from '../checks/index.ts';
import { holds, lacks, type Look } from './look.ts';

/** How long a stack may take to be steady, and how often it is looked at, in milliseconds: one slow health check is no broken stack. */
const patience = { total: 20_000, between: 1_000 };

/** What was proven at the end of the previous checkpoint is still so. */
export const lookAtSteady: Look<'steady'> = async ({ checks }, { instruments, context }) => {
  const until = Date.now() + patience.total;
  const look = async () =>
    (await runChecks(checks, instruments, context.signal)).filter(({ verdict }) => verdict !== 'successful');
  let bad = await look();
  while (bad.length > 0 && Date.now() < until) {
    await pause(patience.between, undefined, { signal: context.signal });
    bad = await look();
  }
  if (bad.length === 0) return holds(`${checks.length} checks still good`);
  return lacks(
    bad
      .map(({ check, verdict, detail }) => `${check}: ${verdict === 'error' ? 'not measured, ' : ''}${detail}`)
      .join('; '),
    'The stack is not where the plan starts from. Repair it first.',
  );
};

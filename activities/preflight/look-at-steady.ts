import { runChecks } from '../checks/index.ts';
import { holds, lacks, type Look } from './look.ts';

/** What was proven at the end of the previous checkpoint is still so. */
export const lookAtSteady: Look<'steady'> = async ({ checks }, { instruments, context }) => {
  const results = await runChecks(checks, instruments, context.signal);
  const bad = results.filter(({ verdict }) => verdict !== 'successful');
  if (bad.length === 0) return holds(`${checks.length} checks still good`);
  return lacks(
    bad
      .map(({ check, verdict, detail }) => `${check}: ${verdict === 'error' ? 'not measured, ' : ''}${detail}`)
      .join('; '),
    'The stack is not where the plan starts from. Repair it first.',
  );
};

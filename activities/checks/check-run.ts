import type { Measure } from './measurement.ts';

/** A command in a one-shot container of a service's image ends with the exit code that the plan expects. */
export const checkRun: Measure<'run'> = async (check, instruments, signal) => {
  const { service, argv, timeoutSeconds, exitCode } = check;
  const result = await instruments.run({ service, argv, timeoutSeconds }, signal);
  if (result.exitCode === exitCode) return { verdict: 'successful', detail: `exit ${result.exitCode}` };
  const end = result.log.trim().split('\n').slice(-3).join('; ');
  return { verdict: 'failed', detail: `exit ${result.exitCode}, expected ${exitCode}${end === '' ? '' : `: ${end}`}` };
};

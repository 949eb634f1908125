/** Why an activity was stopped where the work itself was not called off: a successor takes over what runs. */
const takenOver = new Set(['WORKER_SHUTDOWN', 'NOT_FOUND', 'TIMED_OUT', 'RESET', 'PAUSED']);

/**
 * Whether what an aborted attempt has started shall run on for its successor. A worker that shuts down must not kill a migration
 * half-way; a run that is called off must leave nothing running behind the back of its rollback.
 * @param reason what the signal was aborted with: a `CancelledFailure`, whose message says why, or an error of ours
 */
export function goesOn(reason: unknown): boolean {
  if (!(reason instanceof Error)) return false;
  return reason.name === 'LeaseLost' || takenOver.has(reason.message);
}

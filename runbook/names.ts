/** The one set of names: workflow ids, queues, search attributes, labels. Everything else builds on these functions. */

/** A target is one Compose project on one home host: the thing that can have only one run at a time. */
export const targetPattern = /^[a-z0-9][a-z0-9_-]{0,62}$/;

export const migrationWorkflowId = (target: string) => `migration/${target}`;
export const phaseWorkflowId = (target: string, ordinal: number, phase: string) =>
  `migration/${target}/${ordinal}-${phase}`;
export const reconcileWorkflowId = (target: string) => `reconcile/${target}`;
export const verificationWorkflowId = (target: string) => `verification/${target}`;
export const rollbackWorkflowId = (target: string, ordinal: number) => `migration/${target}/rollback-${ordinal}`;

/** One at a time for each target: whatever is done with recovery points outside of a run. */
export const backupWorkflowId = (target: string) => `backup/${target}`;
export const backupScheduleId = (target: string) => `backup/${target}/schedule`;

/** An id for a task that sorts by its start: `backup-20260301-140309-7f3a`. */
export const taskId = (what: string, startedAt: string, suffix: string) =>
  `${what === 'create' ? 'backup' : what}-${startedAt.slice(0, 19).replace(/[-:]/g, '').replace('T', '-')}-${suffix}`;

/** Where the clone of a target's stack has its own journal: no plan can name such a target, since it has a dot in it. */
export const rehearsalTarget = (target: string, id: string) => `${target}.rehearsal-${id}`;
export const isRehearsalTarget = (target: string) => rehearsalOf.test(target);
const rehearsalOf = /\.rehearsal-[a-z0-9-]{1,40}$/;
/** The target whose clone it is. */
export const rehearsedTarget = (clone: string) => clone.replace(rehearsalOf, '');
/** The Compose project of a clone. One target has one at a time. */
export const rehearsalProject = (project: string) => `${project}-rehearsal`;
export const rehearsalWorkflowId = (target: string) => `migration/${target}/rehearsal`;

/**
 * Each host has one queue, so that an operation reaches the Docker Engine it names. Workflows run on that of the home host, where
 * the journal is; being the same queue lets the server hand the next activity over with the workflow task (eager dispatch).
 */
export const hostTaskQueue = (host: string) => `switchback-host-${host}`;

export const searchAttributeNames = {
  target: 'SwitchbackTarget',
  phase: 'SwitchbackPhase',
  state: 'SwitchbackState',
  risk: 'SwitchbackRisk',
} as const;

/** Labels on every container, network, volume and image that Switchback makes: what a clean-up may touch. */
export const labels = {
  target: 'io.switchback.target',
  run: 'io.switchback.run',
  operation: 'io.switchback.operation',
  attempt: 'io.switchback.attempt',
  role: 'io.switchback.role',
  /** On helpers that may hold a lock of a backup repository: the name under which they hold it. */
  holder: 'io.switchback.holder',
  /** On receivers of a log: the recovery point that it belongs to, the volume of the server, and its service as `PROJECT/SERVICE`. */
  point: 'io.switchback.point',
  follows: 'io.switchback.follows',
  service: 'io.switchback.service',
  checkout: 'io.switchback.checkout',
  /** On the containers of a clone: ports that the original publishes, as `HOST:CONTAINER` with commas between. */
  published: 'io.switchback.published',
} as const;

/** A name for a container or scratch object of one operation: the same on every attempt, so that a retry adopts it. */
export function operationObjectName(target: string, runId: string, operationId: string, role: string): string {
  const slug = `${target}-${runId}-${operationId}-${role}`.toLowerCase().replace(/[^a-z0-9]+/g, '-');
  return `switchback-${slug}`.slice(0, 200).replace(/-+$/, '');
}

// Every function exported here is a workflow type: nothing else may be.
export { backup } from './backup.ts';
export { migration } from './migration.ts';
export { phase } from './phase.ts';
export { rehearsal } from './rehearsal.ts';
export { rollback } from './rollback.ts';
export { lookAhead, verification } from './verification.ts';
export { reconcile } from './reconcile.ts';
export { scheduledBackup } from './scheduled-backup.ts';

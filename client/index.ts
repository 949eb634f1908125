/**
 * The client as a library: what the command line does, for programs.
 *
 * ```ts
 * const temporal = await connect(settingsFrom({}, process.env, await readUpRecord(switchbackHome())));
 * const { runId } = await startMigration(temporal, { target: 'shop', homeHost: 'local', operator: 'ci@host', plan });
 * await sendCommand(temporal, 'shop', { command: 'approve', by: 'ci@host', role: 'lead' });
 * ```
 */
export { connect, connected, type TemporalConnection } from './temporal/connection.ts';
export { settingsFrom, workflowPage, type Settings } from './settings/settings.ts';
export { readUpRecord, type UpRecord } from './settings/up-record.ts';
export { switchbackHome } from '../journal/target-home.ts';
export { startMigration, type StartedRun, type StartRequest } from './runs/start-migration.ts';
export { sendCommand, statusOf } from './runs/send-command.ts';
export { readStatus, statusOver, type StatusReport } from './runs/read-status.ts';
export { listTargets, type ListedTarget, type Listing } from './runs/list-runs.ts';
export { previewRollback, type RollbackPreview } from './runs/rollback-preview.ts';
export { readLocalTarget, sealedPlan, type LocalTarget } from './runs/local-target.ts';
export { accountOf, type RunAccount } from './history/account.ts';
export { operator } from './runs/operator.ts';
export { runCommandLine } from './run.ts';

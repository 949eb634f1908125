export { formatBefore, type BeforeRecord, type GitState, type StackState } from './before.ts';
export { decisionHeaders, decisionSaid, decisionsOf, formatDecision, reasonSaid, type Decision } from './decisions.ts';
export { formatIncident, recoveryTable } from './incident.ts';
export { formatLesson, lessonHeaders, lessonsOf, toBeWritten, type Lesson } from './lessons.ts';
export { formatProgress, newestRows, type ProgressRow } from './progress.ts';
export { formatRollbackLog } from './rollback-log.ts';
export { measuredRecovery, outcomesOf, type OperationOutcome } from './rollback-outcomes.ts';
export {
  dataSentence,
  objectiveTotal,
  phasesRolledBack,
  recoveryParts,
  recoveryTotal,
  unmeasured,
  type RollbackRecord,
} from './rollback-record.ts';
export { formatBytes, formatMoment, formatSeconds, later, secondsBetween } from './span.ts';
export { markdownCell, markdownRow, markdownTable, textTable } from './table.ts';

export { appendLines, appendMarkdown, replaceMarkdown, type Entry } from './append.ts';
export { readStackState } from './read-stack-state.ts';
export { readRecord, writeRecord } from './record-file.ts';
export { writeRollbackRecords } from './write-rollback-records.ts';
export { writeDecisions, writeLessons, writeProgress, writeRunRecords } from './write-run-records.ts';

export { readStackState } from './read-stack-state.ts';
export { readRecord, writeRecord } from './record-file.ts';

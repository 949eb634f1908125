/** What became of one operation of a rollback; `by` a person, where one has decided it. */
export interface OperationOutcome {
  how: 'done' | 'by hand' | 'skipped' | 'failed' | 'begun' | 'not run';
  by?: string;
}

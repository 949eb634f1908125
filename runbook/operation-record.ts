import type { Operation, Receipt, Undo } from './operations/operation.ts';

/** What the journal knows of one operation. */
export interface OperationRecord {
  run: string;
  operation: Operation;
  /** Place of the first intent: the order in which effects began. */
  seq: number;
  attempt: number;
  /** `intended`: begun, and whether it took place must be observed. */
  status: 'intended' | 'done' | 'by-hand' | 'skipped' | 'undone' | 'undo-skipped';
  undo: Undo;
  prepared: { undo: Undo; facts: Receipt['facts'] };
  receipt?: Receipt;
  /** Its status before a restore took its work out of the data, or an undo did. */
  stoodAs?: OperationRecord['status'];
  /** Journal line with which a restore has put its work back into the data, after it was taken back. */
  broughtBackAt?: number;
  /** Resources that it worked on and that a restore has set back to a time before it. */
  lostIn?: string[];
}

export const operationKey = (run: string, operation: string) => `${run}/${operation}`;

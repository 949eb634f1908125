import type { RollbackRequest } from './run-state.ts';

/** A way back that was asked for, by a person or by the plan: in the journal before anything else, so that every later workflow obeys it. */
export interface GoingBack {
  request: RollbackRequest;
  reason: string;
  by: string;
  /** When what it answers was found out, and when it was decided (ISO 8601). */
  detectedAt: string;
  decidedAt: string;
}

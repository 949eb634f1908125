import type { LiveActivity } from '../temporal/live-progress.ts';
import type { StatusReport } from './read-status.ts';

/** One look at a run. */
export interface Look {
  report: StatusReport;
  activities: LiveActivity[];
}

/** Where looks are shown. */
export interface Follower {
  show(look: Look): void;
  /** The server does not answer; the run goes on regardless. */
  lost(message: string): void;
}

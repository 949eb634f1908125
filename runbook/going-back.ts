import type { JournalRecord } from './journal.ts';
import type { GoingBack } from './way-back-asked.ts';

export type { GoingBack } from './way-back-asked.ts';

/** What the journal knows of where a run is heading. All of it is optional: older journals do not say it. */
export interface RunCourse {
  /** Phases that are left out on the operator's word. */
  without?: string[];
  /** The newest way back that was asked for. */
  goingBack?: GoingBack;
  /** The newest rollback that was planned in this run. */
  rollback?: {
    ordinal: number;
    to: string;
    reason: string;
    restoreData: boolean;
    plannedAt: string;
    /** Phases that it takes back; older journals say them only at its end. */
    phases?: string[];
    /** Whether it has come to an end, and why before all was back. */
    ended?: { gaveUp?: string };
  };
}

/** Folds one record into the course of the run that it belongs to, in place. */
export function noteCourse(course: RunCourse, record: JournalRecord): void {
  switch (record.type) {
    case 'run-sealed':
    case 'run-state':
      if (record.without?.length) course.without = [...new Set([...(course.without ?? []), ...record.without])];
      if (record.type === 'run-state' && record.goingBack) course.goingBack = record.goingBack;
      break;
    case 'decision':
      if (record.goingBack) course.goingBack = record.goingBack;
      break;
    case 'rollback-planned':
      course.rollback = {
        ordinal: record.rollback,
        to: record.to,
        reason: record.reason,
        restoreData: record.restoreData,
        plannedAt: record.at,
        ...(record.phases && { phases: record.phases }),
      };
      if (record.goingBack) course.goingBack = record.goingBack;
      break;
    case 'rollback-finished':
      if (course.rollback?.ordinal !== record.rollback) break;
      course.rollback.phases = record.phases;
      course.rollback.ended = record.gaveUp === undefined ? {} : { gaveUp: record.gaveUp };
      break;
    default:
  }
}

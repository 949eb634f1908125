import { errorTable } from '../errors.ts';
import type { FailureDetail, JournalRecord } from '../journal.ts';
import { markdownRow } from './table.ts';

/** What went wrong, and what came of it. People complete the root cause and the lesson. */
export interface Lesson {
  key: string;
  phase: string;
  date: string;
  issue: string;
  rootCause: string;
  resolution: string;
  /** What we would do differently. */
  lesson: string;
}

/** What only people can write. */
export const toBeWritten = '_to be written_';

interface Trouble {
  phase: string;
  summary: string;
  failures: { error: FailureDetail; attempt: number; at: string }[];
  /** What a person said while it stood. */
  said: string[];
}

/**
 * Failures of a run that a person had to decide about, each with what resolved it, as the journal tells. A failure that stands
 * unresolved is no lesson yet; one that an automatic retry got over is none.
 */
export function lessonsOf(records: readonly JournalRecord[], run: string): Lesson[] {
  const lessons: Lesson[] = [];
  const troubles = new Map<string, Trouble>();
  const begun = new Map<string, { phase: string; summary: string }>();
  const resolve = (operation: string, how: string) => {
    const trouble = troubles.get(operation);
    troubles.delete(operation);
    if (trouble !== undefined && needsPeople(trouble)) lessons.push(lessonFrom(run, operation, trouble, how));
  };
  for (const record of records) {
    if (record.run !== run) continue;
    switch (record.type) {
      case 'intent':
        begun.set(record.operation.id, { phase: record.operation.phase, summary: record.operation.summary });
        break;
      case 'failure': {
        const known = begun.get(record.operation) ?? {
          phase: record.operation.split('/')[0] ?? '',
          summary: record.operation,
        };
        const trouble = troubles.get(record.operation) ?? { ...known, failures: [], said: [] };
        trouble.failures.push({ error: record.error, attempt: record.attempt, at: record.at });
        troubles.set(record.operation, trouble);
        break;
      }
      case 'decision':
        for (const trouble of troubles.values()) trouble.said.push(`${record.command} by ${record.by}`);
        break;
      case 'receipt': {
        const said = troubles.get(record.operation)?.said ?? [];
        resolve(
          record.operation,
          `done at attempt ${record.attempt}${said.length === 0 ? '' : ` after ${said.join(', ')}`}`,
        );
        break;
      }
      case 'skipped':
        resolve(record.operation.id, `skipped by ${record.by}: ${record.reason}`);
        break;
      case 'done-by-hand':
        resolve(record.operation.id, `done by hand by ${record.by}: ${record.reason}`);
        break;
      case 'rollback-planned':
        for (const operation of [...troubles.keys()])
          resolve(operation, `rolled back to ${record.to}: ${record.reason}`);
        break;
      default:
    }
  }
  return lessons;
}

const needsPeople = ({ failures, said }: Trouble) =>
  said.length > 0 || failures.some(({ error }) => error.name === 'Error' || !errorTable[error.name].retried);

function lessonFrom(run: string, operation: string, { phase, summary, failures }: Trouble, how: string): Lesson {
  const last = failures.at(-1);
  const times = failures.length === 1 ? '' : ` (${failures.length} times)`;
  const name = last?.error.name ?? 'Error';
  const meaning = name === 'Error' ? 'a fault of Switchback itself' : errorTable[name].meaning;
  return {
    key: `${run}/${operation}@${last?.attempt ?? 0}`,
    phase,
    date: last?.at.slice(0, 10) ?? '',
    issue: `${summary}: ${last?.error.message ?? ''}${times}`,
    rootCause: `${toBeWritten} (${name}: ${meaning})`,
    resolution: how,
    lesson: toBeWritten,
  };
}

export const lessonHeaders = ['Phase', 'Date', 'Issue', 'Root Cause', 'Resolution', 'Lesson'] as const;

export const formatLesson = ({ phase, date, issue, rootCause, resolution, lesson }: Lesson): string =>
  markdownRow([phase, date, issue, rootCause, resolution, lesson]);

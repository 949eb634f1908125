import { join } from 'node:path';

import { readJournal, type TargetHome } from '../../journal/index.ts';
import {
  decisionHeaders,
  decisionsOf,
  formatDecision,
  formatLesson,
  formatProgress,
  lessonHeaders,
  lessonsOf,
  markdownTable,
  type Decision,
  type Lesson,
  type ProgressRow,
} from '../../runbook/records/index.ts';
import { appendLines, appendMarkdown, replaceMarkdown } from './append.ts';

type Records = Pick<TargetHome, 'records'>;

/** Adds rows to the progress of a target, and renders the table anew. Returns the files. */
export async function writeProgress(home: Records, rows: readonly ProgressRow[]): Promise<string[]> {
  const files = [join(home.records, 'PROGRESS.md'), join(home.records, 'progress.jsonl')] as const;
  const all = await appendLines(files[1], rows);
  await replaceMarkdown(files[0], '# Progress\n', 'progress', formatProgress(all));
  return [...files];
}

/** Adds decisions and deviations. Returns the files. */
export async function writeDecisions(home: Records, decisions: readonly Decision[]): Promise<string[]> {
  const files = [join(home.records, 'DECISIONS.md'), join(home.records, 'decisions.jsonl')] as const;
  await appendLines(files[1], decisions);
  const heading = `# Decisions and deviations\n\n${markdownTable(decisionHeaders, [])}`;
  await appendMarkdown(
    files[0],
    heading,
    decisions.map((decision) => ({ key: decision.key, text: formatDecision(decision) })),
  );
  return [...files];
}

/** Adds lessons; root causes and what to do differently are completed in the file by people. Returns the files. */
export async function writeLessons(home: Records, lessons: readonly Lesson[]): Promise<string[]> {
  const files = [join(home.records, 'LESSONS.md'), join(home.records, 'lessons.jsonl')] as const;
  await appendLines(files[1], lessons);
  const heading = `# Lessons learned\n\n${markdownTable(lessonHeaders, [])}`;
  await appendMarkdown(
    files[0],
    heading,
    lessons.map((lesson) => ({ key: lesson.key, text: formatLesson(lesson) })),
  );
  return [...files];
}

/** Writes what people decided in a run, and what can be learned from it, as its journal tells so far. Returns the files. */
export async function writeRunRecords(home: Pick<TargetHome, 'records' | 'journal'>, run: string): Promise<string[]> {
  const { records } = await readJournal(home.journal);
  return [
    ...(await writeDecisions(home, decisionsOf(records, run))),
    ...(await writeLessons(home, lessonsOf(records, run))),
  ];
}

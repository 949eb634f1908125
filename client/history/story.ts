import type { JournalEntry, JournalRecord } from '../../runbook/journal.ts';
import { formatSkew } from '../../runbook/point-set.ts';
import { decisionSaid, reasonSaid } from '../../runbook/records/decisions.ts';
import { describeWayBack } from '../../runbook/rehearsal.ts';
import type { TimelineEntry } from '../../runbook/run-state.ts';
import { between, formatDuration } from '../rendering/duration.ts';

/** How a line of the story is marked: by what it means to the reader, not by its colour. */
export type Tone = 'plain' | 'good' | 'bad' | 'person' | 'quiet';

export interface StoryLine extends TimelineEntry {
  tone: Tone;
}

const because = (reason: string | undefined) => (reason === undefined || reason === '' ? '' : `: ${reason}`);
const again = (attempt: number) => (attempt > 1 ? ` (attempt ${attempt})` : '');

/** The decision with the words that came with it: `approve as tech-lead: figures looked at`. */
export const saidOf = (said: Extract<JournalEntry, { type: 'decision' }>): string =>
  `${decisionSaid(said)}${because(reasonSaid(said))}`;

/** What a journal line says to people; undefined for lines that only matter to machines. */
export function storyLine(record: JournalRecord): StoryLine | undefined {
  const line = (text: string, tone: Tone = 'plain') => ({ at: record.at, text, tone });
  switch (record.type) {
    case 'lease-taken':
    case 'lease-released':
    case 'identity':
      return undefined;
    case 'run-sealed':
      return line(
        `${record.operator} started run ${record.run} of plan ${record.plan}, digest ${record.planDigest.slice(0, 12)}`,
        'person',
      );
    case 'task-sealed':
      return line(`${record.operator} started ${record.run} of plan ${record.plan}`, 'person');
    case 'set-taken':
      return line(formatSkew(record.set), 'quiet');
    case 'run-state': {
      const tone: Tone =
        record.state === 'completed'
          ? 'good'
          : ['awaiting-operator', 'rollback-paused', 'failed'].includes(record.state)
            ? 'bad'
            : 'plain';
      return line(`the run is ${record.state}${because(record.reason)}`, tone);
    }
    case 'phase-state':
      return line(
        `phase ${record.ordinal} ${record.phase} is ${record.state}${because(record.reason)}`,
        record.state === 'completed' ? 'good' : record.state === 'failed' ? 'bad' : 'plain',
      );
    case 'intent':
      return line(`begins ${record.operation.summary}${again(record.attempt)}`, 'quiet');
    case 'attempt':
      return line(`tries ${record.operation} again, attempt ${record.attempt}, on ${record.worker}`, 'quiet');
    case 'receipt': {
      const { receipt } = record;
      const adopted = receipt.outcome === 'adopted' ? ', found already done' : '';
      return line(
        `${receipt.summary} (${formatDuration(between(receipt.startedAt, receipt.finishedAt))}${adopted})`,
        'good',
      );
    }
    case 'failure':
      return line(`${record.operation} failed${again(record.attempt)}: ${record.error.message}`, 'bad');
    case 'refused':
      return line(`an overtaken attempt of ${record.operation} was stopped: ${record.reason}`, 'quiet');
    case 'skipped':
      return line(`${record.by} skipped ${record.operation.summary}${because(record.reason)}`, 'person');
    case 'done-by-hand':
      return line(
        `${record.by} did by hand ${record.operation.summary}${because(record.reason)}; proven by ${record.proof.map((proof) => proof.check).join(', ')}`,
        'person',
      );
    case 'reconciled':
      return line(
        `${record.by} made right what was left out${because(record.reason)}; proven by ${record.proof.map((proof) => proof.check).join(', ')}`,
        'person',
      );
    // Asking stands as the run's state, a yes and a no as what was said.
    case 'gate':
      if (record.state !== 'left-out') return undefined;
      return line(
        `${record.by ?? ''} went on without the approval of ${record.role}${because(record.reason)}`,
        'person',
      );
    case 'decision':
      return line(`${record.by} said ${saidOf(record)}`, 'person');
    case 'rehearsed': {
      const { rehearsal } = record;
      const tone = { held: 'good', failed: 'bad', 'not-rehearsed': 'quiet' } as const;
      return line(`way back from ${rehearsal.phase}: ${describeWayBack(rehearsal)}`, tone[rehearsal.outcome]);
    }
    case 'rollback-planned':
      return line(
        `rollback ${record.rollback} to ${record.to} planned: ${record.operations} operations, data ${record.restoreData ? 'restored from recovery points' : 'left alone'}${because(record.reason)}`,
        'bad',
      );
    case 'rollback-finished':
      return line(
        `rollback ${record.rollback} finished, ${record.phases.join(', ')} taken back${record.consistent ? '' : '; the target is inconsistent'}`,
        record.consistent ? 'good' : 'bad',
      );
  }
}

/** The story that a journal tells, oldest first. */
export const storyOf = (records: readonly JournalRecord[]): StoryLine[] =>
  records.flatMap((record) => storyLine(record) ?? []);

import {
  dataSentence,
  objectiveTotal,
  phasesRolledBack,
  recoveryParts,
  recoveryTotal,
  type RollbackRecord,
} from './rollback-record.ts';
import { toBeWritten } from './lessons.ts';
import { formatMoment, formatSeconds, later, secondsBetween } from './span.ts';
import { markdownTable } from './table.ts';

/** What has to happen after a rollback, and by when. */
const followUps = [
  {
    within: '1 hour',
    seconds: 3600,
    tasks: ['Watch that the system stays stable', 'Tell those who are affected', 'Begin the root cause analysis'],
  },
  {
    within: '24 hours',
    seconds: 86_400,
    tasks: [
      'Complete this record',
      'Restore data if that is still needed',
      'Correct thresholds of triggers and alerts',
    ],
  },
  {
    within: '1 week',
    seconds: 604_800,
    tasks: [
      'Put preventive measures in place',
      'Correct the plan, and rehearse its rollback',
      'Hold the lessons-learned session',
    ],
  },
];

/** The incident record that a rollback leaves, as Markdown; what only people know is left for them to write. */
export function formatIncident(record: RollbackRecord): string {
  const { rollback } = record;
  const took = formatSeconds(secondsBetween(record.startedAt, record.finishedAt));
  return [
    `# Incident ${rollback.ordinal}: ${record.target} went back to ${rollback.to}`,
    '',
    bullets([
      [
        'Status',
        record.consistent ? 'restored, checks healthy' : 'INCONSISTENT: an undo was skipped, see the operations below',
      ],
      ['When', `${formatMoment(record.startedAt)} to ${formatMoment(record.finishedAt)} UTC (${took})`],
      ['Why', record.reason],
      ['Decided by', record.by],
      ['Scope', rollback.scope],
      ['Phases rolled back', phasesRolledBack(record)],
      ['Data', dataSentence(record)],
      ['Run', `${record.run} of plan ${record.plan}`],
    ]),
    '## Recovery times',
    recoveryTable(record),
    '## What was done',
    markdownTable(
      ['#', 'Operation', 'Phase'],
      rollback.operations.map((operation, index) => [`${index + 1}`, operation.summary, operation.phase]),
    ),
    ...(rollback.kept.length === 0
      ? []
      : [
          '## What stayed, and why it may',
          markdownTable(
            ['What', 'Why'],
            rollback.kept.map(({ summary, why }) => [summary, why]),
          ),
        ]),
    '## Timeline',
    markdownTable(
      ['At (UTC)', 'What happened'],
      record.timeline.map(({ at, text }) => [formatMoment(at), text]),
    ),
    `## Root cause\n\n${toBeWritten}\n`,
    `## Fix plan\n\n${toBeWritten}\n`,
    `## Retry\n\nWhen the fix is in, start the plan again: phases that stayed complete are not run a second time.\n`,
    '## Follow-up',
    followUps
      .map(({ within, seconds, tasks }) =>
        [
          `Within ${within} (by ${formatMoment(later(record.finishedAt, seconds))} UTC):\n`,
          ...tasks.map((task) => `- [ ] ${task}`),
          '',
        ].join('\n'),
      )
      .join('\n'),
    ...(record.contacts.length === 0
      ? []
      : [
          '## Who to ask',
          markdownTable(
            ['Role', 'Name', 'Contact'],
            record.contacts.map(({ role, name, contact }) => [role, name, contact]),
          ),
        ]),
  ].join('\n');
}

/** Objectives against what was measured. */
export function recoveryTable({ recovery, objectives }: Pick<RollbackRecord, 'recovery' | 'objectives'>): string {
  const total = recoveryTotal({ recovery });
  const row = (name: string, objective: number, actual: number | undefined) => [
    name,
    `< ${formatSeconds(objective)}`,
    actual === undefined ? 'not measured' : formatSeconds(actual),
    actual === undefined ? '' : actual < objective ? 'met' : 'MISSED',
  ];
  return markdownTable(
    ['Part', 'Objective', 'Actual', ''],
    [
      ...recoveryParts.map((part) => row(part, objectives[part], recovery[part])),
      row('**total**', objectiveTotal(objectives), total),
    ],
  );
}

const bullets = (facts: [string, string][]) =>
  facts.map(([name, value]) => `- **${name}:** ${value.replace(/\s*\n\s*/g, ' ')}\n`).join('');

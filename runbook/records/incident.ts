import {
  dataSentence,
  objectiveTotal,
  phasesRolledBack,
  recoveryParts,
  recoveryTotal,
  totalSaid,
  unmeasured,
  type RollbackRecord,
} from './rollback-record.ts';
import { toBeWritten } from './lessons.ts';
import { outcomeSaid } from './rollback-outcomes.ts';
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
    `# Incident ${rollback.ordinal}: ${record.target} ${record.gaveUp === undefined ? 'went back' : 'did not get back'} to ${rollback.to}`,
    '',
    bullets([
      ['Status', statusOf(record)],
      ['When', `${formatMoment(record.startedAt)} to ${formatMoment(record.finishedAt)} UTC (${took})`],
      ['Why', record.reason],
      ['Decided by', record.by],
      ['Scope', rollback.scope],
      [
        record.gaveUp === undefined ? 'Phases rolled back' : 'Phases that are half taken back',
        phasesRolledBack(record),
      ],
      ['Data', dataSentence(record)],
      ['Run', `${record.run} of plan ${record.plan}`],
    ]),
    '## Recovery times',
    recoveryTable(record),
    '## What was done',
    markdownTable(
      ['#', 'Operation', 'Phase', 'Outcome'],
      rollback.operations.map(({ id, summary, phase }, index) => [
        `${index + 1}`,
        summary,
        phase,
        outcomeSaid(record.outcomes[id] ?? { how: 'not run' }),
      ]),
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
  const row = (name: string, objective: number, actual: number | undefined) => [
    name,
    `< ${formatSeconds(objective)}`,
    actual === undefined ? 'not measured' : formatSeconds(actual),
    actual === undefined ? '' : actual < objective ? 'met' : 'MISSED',
  ];
  return markdownTable(
    ['Part', 'Objective', 'Actual', ''],
    [...recoveryParts.map((part) => row(part, objectives[part], recovery[part])), totalRow({ recovery, objectives })],
  );
}

/** A sum that lacks a part can miss the objective, and never meets it. */
function totalRow({ recovery, objectives }: Pick<RollbackRecord, 'recovery' | 'objectives'>): string[] {
  const objective = objectiveTotal(objectives);
  const missed = recoveryTotal({ recovery }) >= objective;
  const verdict = missed ? 'MISSED' : unmeasured({ recovery }).length === 0 ? 'met' : '';
  return ['**total**', `< ${formatSeconds(objective)}`, totalSaid({ recovery }), verdict];
}

function statusOf({ consistent, gaveUp }: RollbackRecord): string {
  if (gaveUp !== undefined) return `NOT FINISHED, given up: ${gaveUp}`;
  return consistent ? 'restored, checks healthy' : 'INCONSISTENT: an undo was skipped, see the operations below';
}

const bullets = (facts: [string, string][]) =>
  facts.map(([name, value]) => `- **${name}:** ${value.replace(/\s*\n\s*/g, ' ')}\n`).join('');

import type { BackupResult } from '../runbook/backup-task.ts';
import { formatSkew } from '../runbook/point-set.ts';
import { describeWayBack, type Rehearsal } from '../runbook/rehearsal.ts';
import type {
  CommandName,
  PhaseStatus,
  RollbackStatus,
  RunStatus,
  TimelineEntry,
  Waiting,
} from '../runbook/run-state.ts';
import type { BackupInput, PhaseInput, RehearsalInput, RollbackInput } from './messages.ts';
import type { Session } from './session.ts';

/** Markdown for the Temporal UI: what a reader sees who has never seen the code. */

export function migrationDetails(status: RunStatus): string {
  const rows = status.phases.map(
    (phase) =>
      `| ${phase.ordinal} | ${cell(phase.title)} | ${phase.risk} | **${phase.state}** | ${phase.stage ?? ''} | ${phase.done} of ${phase.total} |`,
  );
  return [
    `## Migration of ${status.target}: ${status.state}`,
    `Run \`${status.runId}\` of plan **${status.plan}**, digest \`${status.planDigest.slice(0, 12)}\`.`,
    ...(status.reason === undefined ? [] : [`**Why:** ${status.reason}`]),
    ...waitingLines(status.waiting, status.target),
    ['| # | phase | risk | state | stage | operations |', '|---|---|---|---|---|---|', ...rows].join('\n'),
    ...status.rollbacks.map(
      (rollback) =>
        `**Rollback ${rollback.ordinal}** to *${rollback.to}*: ${rollback.state}, ${rollback.done} of ${rollback.total} operations. Reason: ${rollback.reason}`,
    ),
    ...(status.inconsistent
      ? [
          '**The target is inconsistent**: an undo was skipped or given up. No new run starts until a person has looked.',
        ]
      : []),
    story(status.timeline),
  ].join('\n\n');
}

export function phaseDetails({ phase, run }: PhaseInput, status: PhaseStatus, session: Session): string {
  const rows = phase.stages.flatMap((stage) => [
    ...stage.operations.map(
      (operation) => `| ${stage.stage} | ${cell(operation.summary)} | ${cell(operation.undo.summary)} |`,
    ),
    ...stage.approvals.map(
      (approval) => `| ${stage.stage} | approval of ${cell(approval.role)} | an approval changes nothing |`,
    ),
  ]);
  return [
    `## Phase ${phase.ordinal}, ${phase.title}: ${status.state}`,
    `Risk **${phase.risk}**${phase.owner === undefined ? '' : `, owner ${phase.owner}`}. ${status.done} of ${status.total} operations are done${status.stage === undefined ? '' : `; stage **${status.stage}**`}.`,
    ...(status.reason === undefined ? [] : [`**Why it ended:** ${status.reason}`]),
    ...waitingLines(session.waiting, run.target),
    story(session.timeline),
    ['### What runs, and how it is taken back', '| stage | operation | way back |', '|---|---|---|', ...rows].join(
      '\n',
    ),
  ].join('\n\n');
}

export function rollbackDetails(
  { rollback, reason, run }: RollbackInput,
  status: RollbackStatus,
  session: Session,
): string {
  const rows = rollback.operations.map(
    (operation, index) =>
      `| ${index + 1} | ${cell(operation.summary)} | ${index < status.done ? 'done' : index === status.done ? standing(session) : ''} |`,
  );
  return [
    `## Rollback to ${rollback.to}: ${session.state === 'awaiting-operator' ? 'paused' : status.state}`,
    `**Why:** ${reason}`,
    `Goes back: ${rollback.phases.map((phase) => phase.title).join(', ')}. Data: ${dataLine(rollback)}.`,
    ...waitingLines(session.waiting, run.target),
    ['| # | operation | state |', '|---|---|---|', ...rows].join('\n'),
    ...(rollback.kept.length > 0
      ? [['### Left in place on purpose', ...rollback.kept.map((kept) => `* ${kept.summary}: ${kept.why}`)].join('\n')]
      : []),
    story(session.timeline),
  ].join('\n\n');
}

function dataLine({ restored, discards = [] }: RollbackInput['rollback']): string {
  const told = [
    ...(restored.length > 0 ? [`restored (${restored.join(', ')})`] : []),
    ...(discards.length > 0 ? [`discarded, archived first (${discards.join('; ')})`] : []),
  ];
  return told.length > 0 ? told.join(', ') : 'left as it is';
}

/** Of the operation that is next. */
const standing = ({ operation, waiting }: Session) => (operation ? 'under way' : waiting ? '**waits**' : '');

export function rehearsalDetails(input: RehearsalInput, results: readonly Rehearsal[], session: Session): string {
  return [
    `## Rehearsal of the way back of ${input.target}`,
    'On a clone that reaches nothing outside and is removed afterwards: forward, back, forward again.',
    ...results.map((found) =>
      [
        `**${found.phase}**: ${describeWayBack(found)}`,
        ...found.differences.map((line) => `* differs: ${line}`),
        ...found.compared.map((line) => `* compared: ${line}`),
        ...found.notes.map((line) => `* ${line}`),
      ].join('\n'),
    ),
    story(session.timeline),
  ].join('\n\n');
}

export function backupDetails({ target, task }: BackupInput, result: BackupResult, session: Session): string {
  const rows = result.outcomes.map(
    ({ about, summary, error, skipped, seconds }) =>
      `| ${cell(about)} | ${skipped ? 'not begun' : error ? `**failed**: ${cell(error.message)}` : cell(summary)} | ${seconds.toFixed(1)} s |`,
  );
  return [
    `## Recovery points of ${target}: ${task.do}`,
    `Task \`${result.task}\`.`,
    ...(session.operation ? [`Now: **${session.operation.summary}**`] : []),
    ...(rows.length > 0 ? [['| what | how it ended | took |', '|---|---|---|', ...rows].join('\n')] : []),
    ...(result.set ? [`Set: ${formatSkew(result.set)}.`] : []),
    ...result.notes.slice(0, 30).map((note) => `* ${note}`),
    story(session.timeline),
  ].join('\n\n');
}

function waitingLines(waiting: Waiting | undefined, target: string): string[] {
  if (!waiting) return [];
  const stoppedAt = waiting.operation?.summary ?? (waiting.gate && `approval of ${waiting.gate.role}`);
  const what = stoppedAt
    ? `**Waiting for a person since ${clock(waiting.since)}.** Stopped at: *${stoppedAt}*`
    : `**Waiting since ${clock(waiting.since)}.**`;
  const approval = waiting.approval ? [`Approval asked of: **${waiting.approval.role}**.`] : [];
  const error = waiting.error
    ? [`What is wrong: ${waiting.error.message}${waiting.error.hint === undefined ? '' : ` *${waiting.error.hint}*`}`]
    : [];
  return [
    what,
    ...approval,
    ...error,
    [
      'What to type (nothing runs out meanwhile; what was done stays as it is):',
      ...waiting.accepts.map(
        (command) =>
          `* \`switchback ${typed[command].replace('*', `--target ${target}`)}\`: ${meaning(command, waiting)}`,
      ),
    ].join('\n'),
  ];
}

/** `*` stands for the target. */
const typed: Record<CommandName, string> = {
  pause: 'pause *',
  resume: 'resume *',
  retry: 'retry *',
  skip: 'skip * --reason …',
  doneByHand: 'done-by-hand * --reason … --proof-http URL',
  rollback: 'rollback * --reason …',
  abort: 'abort * --reason …',
  approve: 'approve * --role …',
  reject: 'reject * --role … --reason …',
};

function meaning(command: CommandName, waiting: Waiting): string {
  const meanings: Record<CommandName, string> = {
    pause: 'hold before the next operation',
    resume: waiting.gate
      ? 'ask again, and go on after a yes'
      : waiting.for === 'operator'
        ? 'try again, once the cause is gone, and go on'
        : 'go on',
    retry: waiting.gate ? 'ask again, and go on after a yes' : 'try again, once the cause is gone, and go on',
    skip: waiting.gate
      ? 'go on without this approval'
      : 'go on without this operation; a skipped undo leaves the target inconsistent',
    doneByHand: 'you did it yourself, and a check proves it',
    rollback: 'take the phase back',
    abort: 'end the run and leave everything as it is',
    approve: 'say yes, and go on',
    reject: 'say no; the run parks',
  };
  return meanings[command];
}

const story = (timeline: readonly TimelineEntry[]) =>
  ['### What happened', ...timeline.slice(-25).map((entry) => `* \`${clock(entry.at)}\` ${entry.text}`)].join('\n');

const clock = (at: string) => `${at.slice(11, 19)} UTC`;
const cell = (text: string) => text.replace(/\|/g, '\\|').replace(/\n/g, ' ');

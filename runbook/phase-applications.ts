import type { JournalHead, PhaseStateEntry } from './journal.ts';
import type { OperationRecord } from './operation-record.ts';
import type { TargetState, PhaseApplication } from './target.ts';
import type { PhaseState } from './run-state.ts';

export type { PhaseApplication } from './target.ts';

export const applicationKey = (run: string, phase: string) => `${run}/${phase}`;

const notInPlay: readonly PhaseState[] = ['rolled-back', 'pending', 'skipped'];
/** Has effects that stand, or may have. */
export const isInPlay = ({ state }: Pick<PhaseApplication, 'state'>) => !notInPlay.includes(state);

/** The application that an operation belongs to; none for those of tasks and for what is recorded before the first phase. */
export const applicationOf = (
  { applications }: Pick<TargetState, 'applications'>,
  { run, operation }: Pick<OperationRecord, 'run' | 'operation'>,
): PhaseApplication | undefined => applications.get(applicationKey(run, operation.phase));

/** Applications in play, newest first: the order of a rollback. */
export const applicationsInPlay = ({ applications }: Pick<TargetState, 'applications'>): PhaseApplication[] =>
  [...applications.values()].filter(isInPlay).sort((a, b) => b.since - a.since);

/** Applications that are completed and not taken back, in the order in which they were carried out. */
export const completedApplications = (state: Pick<TargetState, 'applications'>): PhaseApplication[] =>
  applicationsInPlay(state)
    .filter(({ state: reached }) => reached === 'completed')
    .reverse();

/** The newest completed application that is older than `line`: what is below whatever begins there. */
export const completedBelow = (state: Pick<TargetState, 'applications'>, line: number): PhaseApplication | undefined =>
  completedApplications(state).findLast(({ since }) => since < line);

/** Folds a line about a phase into the state. */
export function applyPhaseState(state: TargetState, record: JournalHead & PhaseStateEntry): void {
  for (const application of meantBy(state, record)) {
    enter(state, application, record);
    state.phases.delete(application.id);
    state.phases.set(application.id, application);
  }
}

function meantBy(state: TargetState, record: JournalHead & PhaseStateEntry): PhaseApplication[] {
  const { applications } = state;
  const known = applications.get(applicationKey(record.of ?? record.run, record.phase));
  const goesBack = record.state === 'rolling-back' || record.state === 'rolled-back';
  if (goesBack && record.of === undefined) {
    // Older lines name a phase by its id alone, and mean all that was done under it.
    const all = [...applications.values()].filter((one) => one.id === record.phase && isInPlay(one));
    if (all.length > 0) return all;
  }
  return [known ?? begin(state, record)];
}

function begin(state: TargetState, record: JournalHead & PhaseStateEntry): PhaseApplication {
  const { phase: id, ordinal, title, at, seq } = record;
  const run = record.of ?? record.run;
  const first = [...state.operations.values()].find((known) => known.run === run && known.operation.phase === id);
  const begun = {
    id,
    run,
    ordinal,
    title,
    state: record.state,
    changedAt: at,
    since: Math.min(seq, first?.seq ?? seq),
  };
  state.applications.set(applicationKey(run, id), begun);
  return begun;
}

function enter(state: TargetState, application: PhaseApplication, record: JournalHead & PhaseStateEntry): void {
  const before = application.state;
  if (before === 'rolled-back' && record.state === 'running') application.since = record.seq;
  application.state = record.state;
  application.changedAt = record.at;
  if (record.reason === undefined) delete application.reason;
  else application.reason = record.reason;
  if (record.state === 'completed') application.completedAt = record.seq;
  if (record.state === 'rolling-back') {
    if (before !== 'rolling-back' && state.goingBack?.touched !== true) application.stoodAs = before;
  } else delete application.stoodAs;
  if (record.state !== 'rolled-back') return;
  application.takenBackAt = record.seq;
  // Once nothing older stands, the stack is at the baseline of the plan that this one began with.
  if (!applicationsInPlay(state).some(({ since }) => since < application.since)) state.baselineRun = application.run;
}

/** From here on a rollback has effects: what it goes back over is no longer as it was. */
export function touch(state: TargetState): void {
  if (state.goingBack) state.goingBack.touched = true;
  for (const application of state.applications.values()) delete application.stoodAs;
}

/** A rollback is over, or was left: what it did not come to touch stands as before. */
export function endGoingBack(state: TargetState): void {
  for (const application of state.applications.values()) {
    if (application.state === 'rolling-back' && application.stoodAs !== undefined)
      application.state = application.stoodAs;
    delete application.stoodAs;
  }
  delete state.goingBack;
}

import type { CompiledPlan } from '../../runbook/compiled-plan.ts';
import type { JournalEntry } from '../../runbook/journal.ts';
import type { Operation, Undo } from '../../runbook/operations.ts';
import { planRollback, type RollbackPlan } from '../../runbook/rollback.ts';
import type { RollbackRequest } from '../../runbook/run-state.ts';
import { applyRecord, emptyTargetState, type TargetState } from '../../runbook/target-state.ts';

/** How an operation of a phase went: `intended` never reported; what is not named is done. */
export type Course = Record<string, 'intended' | 'by-hand' | 'skipped' | 'left'>;

/** A target's journal, told run by run as workflows and activities write it. */
export class ToldJournal {
  readonly state: TargetState = emptyTargetState();
  readonly plans = new Map<string, CompiledPlan>();

  write(run: string, ...entries: JournalEntry[]): void {
    for (const entry of entries)
      applyRecord(this.state, { seq: this.state.seq + 1, at: '2026-01-01T00:00:00Z', run, epoch: 1, ...entry });
  }

  seal(run: string, plan: CompiledPlan): void {
    this.plans.set(run, plan);
    const { name, digest: planDigest } = plan;
    const phases = plan.phases.map(({ id }) => id);
    this.write(run, { type: 'run-sealed', plan: name, planDigest, manifest: 'm', phases, operator: 'me' });
  }

  /** Carries phases of a plan out, those that are named, in that order. */
  run(
    run: string,
    plan: CompiledPlan,
    phases: readonly string[] = plan.phases.map(({ id }) => id),
    course: Course = {},
  ) {
    this.seal(run, plan);
    for (const id of phases) this.phase(run, id, course);
    this.write(run, { type: 'run-state', state: 'completed' });
  }

  phase(run: string, id: string, course: Course = {}, state: 'completed' | 'failed' = 'completed'): void {
    const phase = this.plans.get(run)!.phases.find((each) => each.id === id)!;
    const { ordinal, title } = phase;
    const enter = (reached: 'running' | typeof state) =>
      this.write(run, { type: 'phase-state', phase: id, ordinal, title, state: reached });
    enter('running');
    for (const operation of phase.stages.flatMap(({ operations }) => operations))
      this.perform(run, operation, course[operation.id]);
    enter(state);
  }

  perform(run: string, operation: Operation, how?: Course[string], undo: Undo = operation.undo): void {
    if (how === 'left') return;
    const person = { operation, by: 'me', reason: 'because' };
    if (how !== 'by-hand') this.write(run, { type: 'intent', operation, attempt: 1, undo, facts: {} });
    if (how === 'skipped') this.write(run, { type: 'skipped', ...person });
    if (how === 'by-hand') this.write(run, { type: 'done-by-hand', ...person, proof: [] });
    if (how === undefined) this.report(run, operation, undo);
  }

  report(run: string, { id, kind, input }: Operation, undo: Undo): void {
    const point = (input as { point?: string }).point ?? '';
    const facts = kind === 'backupStore' || kind === 'backupVolume' ? { point: `${run}/${point}` } : {};
    const told = { operation: id, kind: `${kind}@1`, outcome: 'done' as const, summary: '', effectDigest: '' };
    this.write(run, {
      type: 'receipt',
      operation: id,
      attempt: 1,
      receipt: { ...told, undo, facts, startedAt: '', finishedAt: '' },
    });
  }

  plan(to: RollbackRequest['to'], options: Partial<RollbackRequest> = {}): RollbackPlan {
    const request = { restoreData: false, discardData: false, ...options, to };
    const plan = this.plans.get(this.state.runs.at(-1)?.id ?? '')!;
    const planOf = (run: string) => this.plans.get(run);
    return planRollback(this.state, { request, plan, ordinal: this.state.rollbacks + 1, planOf });
  }

  /** A rollback in a run of its own. @param until how many operations it comes to before it is given up */
  rollBack(
    to: RollbackRequest['to'],
    options: Partial<RollbackRequest> = {},
    until = Infinity,
    course: Course = {},
  ): RollbackPlan {
    const rollback = this.plan(to, options);
    const run = `back-${rollback.ordinal}`;
    this.seal(run, this.plans.get(this.state.runs.at(-1)!.id)!);
    const given = until < rollback.operations.length;
    const phases = (state: 'rolling-back' | 'rolled-back'): JournalEntry[] =>
      rollback.phases.map(({ id, ordinal, title, run: of = '' }) => ({
        ...{ type: 'phase-state', phase: id, ordinal, title, state, of },
      }));
    const { ordinal, operations } = rollback;
    const restoreData = options.restoreData ?? false;
    this.write(
      run,
      { type: 'rollback-planned', rollback: ordinal, to: rollback.to, operations: 1, reason: '', restoreData },
      ...phases('rolling-back'),
    );
    for (const operation of operations.slice(0, until)) this.perform(run, operation, course[operation.kind]);
    if (!given) this.write(run, ...phases('rolled-back'));
    this.write(
      run,
      { type: 'rollback-finished', rollback: ordinal, phases: [], consistent: !given },
      { type: 'run-state', state: given ? 'aborted' : 'rolled-back' },
    );
    return rollback;
  }
}

import type { CompiledPlan } from '../../runbook/compiled-plan.ts';
import { SwitchbackError } from '../../runbook/errors.ts';
import type { JournalEntry } from '../../runbook/journal.ts';
import type { Operation } from '../../runbook/operations.ts';
import { restoreOperation, taskOperation } from '../../runbook/backup-task.ts';
import { neededPoints } from '../../runbook/retention.ts';
import type { RollbackPlan } from '../../runbook/rollback.ts';
import type { RollbackRequest } from '../../runbook/run-state.ts';
import { standingPhases } from '../../runbook/same-work.ts';
import { operationKey } from '../../runbook/target-state.ts';
import { ToldJournal } from '../runbook/told-journal.ts';
import type { Event, Fault, Going } from './history.ts';
import {
  requireBelow,
  requireConsistencyTold,
  requireDestination,
  requireSameScript,
  requireSkipped,
  type Judged,
} from './invariants.ts';
import { Parked, World, type Snapshot } from './world.ts';

/** A phase that was carried out, as the model itself remembers it. */
export interface Applied {
  run: string;
  phase: string;
  plan: CompiledPlan;
  before: Snapshot;
  after?: Snapshot;
  state: 'begun' | 'completed' | 'back' | 'half';
}

/** A target with its journal, folded by the product, and its world, which the product's rollbacks act on. */
export class ModelTarget {
  readonly journal = new ToldJournal();
  readonly world = new World();
  readonly applied: Applied[] = [];
  #count = 0;
  #skipped: Operation[] = [];
  #goal: Snapshot | undefined;

  happen(event: Event): void {
    switch (event.do) {
      case 'run':
        this.start(event.plan, event.leaveOut, event.fault);
        break;
      case 'back':
        this.goBack(event.going, event);
        break;
      case 'backup':
        this.backUp(event.resource);
        break;
      case 'restore':
        this.restore(event.nth);
        break;
      case 'prune':
        this.prune();
        break;
      case 'accept':
        this.accept();
        break;
    }
    requireConsistencyTold(this.journal.state, this.applied, this.#skipped.length);
    requireBelow(this.journal, this.applied);
  }

  private start(plan: CompiledPlan, leaveOut: readonly string[], fault: Fault | undefined): void {
    const { state, plans } = this.journal;
    if (!state.consistent) return;
    const sealedOf = (run: string) => {
      const known = plans.get(run);
      return known && { plan: known, files: {} };
    };
    let standing;
    try {
      standing = standingPhases({ plan, files: {} }, state, sealedOf);
    } catch (error) {
      if (error instanceof SwitchbackError) return;
      throw error;
    }
    requireSkipped(standing, plan, this.applied, this.world);
    const run = this.begin('run', plan);
    let left = fault?.at ?? Infinity;
    for (const phase of plan.phases) {
      const done = standing.some(({ phase: id, verdict }) => id === phase.id && verdict === 'complete');
      if (done || leaveOut.includes(phase.id)) continue;
      const applied: Applied = { run, phase: phase.id, plan, before: this.world.snapshot(), state: 'begun' };
      this.applied.push(applied);
      const told = { type: 'phase-state' as const, phase: phase.id, ordinal: phase.ordinal, title: phase.title };
      this.journal.write(run, { ...told, state: 'running' });
      for (const operation of phase.stages.flatMap(({ operations }) => operations)) {
        const isFault = left === 0;
        left -= 1;
        if (!isFault || !fault) this.carryOut(run, operation);
        else if (this.fail(run, operation, fault)) {
          this.journal.write(run, { ...told, state: fault.then === 'abort' ? 'aborted' : 'failed' });
          if (fault.then === 'rollback') this.back({ to: 'previous', restoreData: false, discardData: false }, {}, run);
          else this.journal.write(run, { type: 'run-state', state: 'aborted' });
          return;
        }
      }
      this.journal.write(run, { ...told, state: 'completed' });
      Object.assign(applied, { state: 'completed', after: this.world.snapshot() });
    }
    this.journal.write(run, { type: 'run-state', state: 'completed' });
  }

  private begin(what: string, plan: CompiledPlan): string {
    const run = `${what}-${(this.#count += 1)}`;
    this.journal.seal(run, plan);
    return run;
  }

  private carryOut(run: string, operation: Operation): void {
    const undo = this.world.prepare(operation);
    this.world.forward(operationKey(run, operation.id), operation, 'full');
    this.journal.perform(run, operation, undefined, undo);
  }

  /** @returns whether the run ends there */
  private fail(run: string, operation: Operation, { effect, then }: Fault): boolean {
    const undo = this.world.prepare(operation);
    const isWhole = operation.kind === 'applySql' && effect === 'half' ? 'none' : effect;
    this.world.forward(operationKey(run, operation.id), operation, then === 'by-hand' ? 'full' : isWhole);
    this.journal.perform(run, operation, 'intended', undo);
    const person = { operation, by: 'me', reason: 'because' };
    if (then === 'skip') this.journal.write(run, { type: 'skipped', ...person });
    if (then === 'by-hand') this.journal.write(run, { type: 'done-by-hand', ...person, proof: [] });
    return then === 'abort' || then === 'rollback';
  }

  private goBack({ to, restoreData, discardData }: Going, cut: { until?: number; skip?: number }): void {
    const completed = this.applied.filter(({ state }) => state === 'completed');
    const named = typeof to === 'string' ? undefined : completed.at(-1 - to.nth);
    if (typeof to !== 'string' && !named) return;
    const destination = typeof to === 'string' ? to : { phase: `${named!.run}/${named!.phase}` };
    if (this.journal.state.runs.length === 0) return;
    this.back({ to: destination, restoreData, discardData }, cut);
  }

  private back(request: RollbackRequest, cut: { until?: number; skip?: number }, within?: string): void {
    const { journal, world } = this;
    let plan: RollbackPlan;
    try {
      plan = journal.plan(request.to, request);
    } catch (error) {
      if (!(error instanceof SwitchbackError)) throw error;
      if (within !== undefined) journal.write(within, { type: 'run-state', state: 'aborted' });
      return;
    }
    // A dry run is planned by the same function from the same journal.
    if (JSON.stringify(journal.plan(request.to, request)) !== JSON.stringify(plan))
      throw new Error('a dry run says something else than what is done');
    const newest = journal.plans.get(journal.state.runs.at(-1)!.id)!;
    requireSameScript(journal, newest, plan, request);
    const run = within ?? this.begin('back', newest);
    const taken = plan.phases.map(({ id, run: of }) =>
      this.applied.findLast((one) => one.phase === id && one.run === of)!,
    );
    const phases = (state: 'rolling-back' | 'rolled-back'): JournalEntry[] =>
      plan.phases.map(({ id, ordinal, title, run: of = '' }) => ({
        ...{ type: 'phase-state', phase: id, ordinal, title, state, of },
      }));
    const judged: Judged = { request, plan, before: world.snapshot(), taken, touched: 0 };
    world.restarted.clear();
    journal.write(
      run,
      {
        ...{ type: 'rollback-planned', rollback: plan.ordinal, to: plan.to, operations: plan.operations.length },
        ...{ reason: '', restoreData: request.restoreData },
      },
      ...phases('rolling-back'),
    );
    const given = this.takeSteps(run, judged, cut);
    if (!given) journal.write(run, ...phases('rolled-back'));
    journal.write(
      run,
      { type: 'rollback-finished', rollback: plan.ordinal, phases: [], consistent: !given },
      { type: 'run-state', state: given ? 'aborted' : 'rolled-back' },
    );
    this.#goal = taken.at(-1)?.before;
    if (!given) for (const one of taken) one.state = 'back';
    else if (judged.touched > 0) for (const one of taken) one.state = 'half';
    if (!given && this.#skipped.length === 0) requireDestination(world, judged, this.applied);
  }

  /** @returns whether it was given up */
  private takeSteps(
    run: string,
    judged: Judged,
    { until = Infinity, skip }: { until?: number; skip?: number },
  ): boolean {
    const { protect } = this.journal.plans.get(this.journal.state.runs.at(-1)!.id)!;
    const also = judged.taken.flatMap(({ plan }) => plan.protect);
    const kept = [...protect, ...also].flatMap((entry) => ('volume' in entry ? [`volume:${entry.volume}`] : []));
    for (const [index, operation] of judged.plan.operations.entries()) {
      if (index >= until) return true;
      // Only what puts the target between two checkpoints when it is left out.
      const canSkip = operation.undoes !== undefined || operation.kind.startsWith('restore');
      if (index === skip && canSkip && operation.kind !== 'runChecks') {
        this.journal.write(run, { type: 'skipped', operation, by: 'me', reason: 'because' });
        this.#skipped.push(operation);
        judged.touched += 1;
        continue;
      }
      this.journal.write(run, { type: 'intent', operation, attempt: 1, undo: operation.undo, facts: {} });
      if (operation.kind !== 'runChecks') judged.touched += 1;
      try {
        this.world.back(operation, kept);
      } catch (error) {
        if (error instanceof Parked) return true;
        throw error;
      }
      this.journal.report(run, operation, operation.undo);
      if (operation.kind.startsWith('restore')) judged.restored = true;
    }
    return false;
  }

  private backUp(resource: 'store:db' | 'store:logs'): void {
    const run = this.task('backup');
    const store = resource.slice('store:'.length);
    this.carryOut(
      run,
      taskOperation(1, 'backupStore', { store, point: `store-${store}` }, 'h', {
        ...{ summary: 'back up', effects: [], undo: { by: 'nothing', summary: '' } },
      }),
    );
  }

  private task(what: string): string {
    const run = `${what}-${(this.#count += 1)}`;
    this.journal.write(run, { type: 'task-sealed', task: what, plan: 'p', manifest: 'm', operator: 'me' });
    return run;
  }

  private restore(nth: number): void {
    const [point, held] = [...this.world.points].at(-1 - nth) ?? [];
    if (point === undefined || held?.resource.startsWith('volume:')) return;
    const run = this.task('restore');
    const operation = restoreOperation(held!.resource, point, 'h');
    this.journal.perform(run, operation);
    this.world.put(held!.resource, point);
  }

  /** Removes all that nothing needs: what a later rollback restores must still be there. */
  private prune(): void {
    const needed = neededPoints(this.journal.state);
    for (const point of [...this.world.points.keys()]) if (!needed.has(point)) this.world.points.delete(point);
  }

  /** A person makes right what was left out, and says so. */
  private accept(): void {
    if (this.#skipped.length === 0 || this.applied.some(({ state }) => state === 'half')) return;
    this.world.makeRight(this.#goal!, this.#skipped);
    this.#skipped = [];
    const last = this.journal.state.runs.at(-1)!;
    this.journal.write(last.id, { type: 'reconciled', by: 'me', reason: 'because', proof: [] });
    if (!this.journal.state.consistent) throw new Error('nothing is left out, and the target is inconsistent');
  }
}

import {
  ApplicationFailure,
  CancellationScope,
  condition,
  getExternalWorkflowHandle,
  setCurrentDetails,
  setHandler,
  upsertMemo,
  upsertSearchAttributes,
} from '@temporalio/workflow';
import type { OpenedRun } from '../runbook/activities.ts';
import { objectionOfRun } from '../runbook/command-acceptance.ts';
import { withReport, type ChildReport } from '../runbook/child-report.ts';
import type { FailureDetail } from '../runbook/journal.ts';
import { recoveryOf } from '../runbook/recovery.ts';
import type { RollbackPlan } from '../runbook/rollback.ts';
import {
  acceptedCommands,
  refusal,
  type Command,
  type CommandAnswer,
  type CommandName,
  type RollbackRequest,
  type RunState,
  type RunStatus,
  type TimelineEntry,
} from '../runbook/run-state.ts';
import type { WayOn } from '../runbook/way-on.ts';
import { migrationDetails } from './details.ts';
import {
  answerSignal,
  commandSignal,
  commandUpdates,
  reportSignal,
  statusQuery,
  type MigrationInput,
} from './messages.ts';
import { runAttributes } from './search-attributes.ts';

const timelineLength = 60;

/** What a person decided about a rollback that could not even be planned. */
export type PlanningDecision =
  | { decision: 'retry'; by: string }
  | { decision: 'rollback'; request: RollbackRequest; reason: string; by: string }
  | { decision: 'abort'; reason: string; by: string };

/**
 * The run as its operator sees it: made of the children's reports, answered to queries, shown in the Temporal UI. Commands arrive
 * here, since the operator knows one address a target, and go to the child that is at work.
 */
export class RunView {
  readonly status: RunStatus;
  #child: string | undefined;
  #seen = new Map<string, number>();
  #story: TimelineEntry[] = [];
  #answers = new Map<number, { answer?: CommandAnswer; refused?: string }>();
  #lastId = 0;
  #completedBy = new Map<string, string>();
  #shownState: RunState | undefined;
  #planning: { decide?: PlanningDecision } | undefined;
  #abortReason: string | undefined;

  constructor(private readonly input: MigrationInput) {
    this.status = {
      target: input.target,
      runId: input.runId,
      plan: input.plan?.name ?? '',
      planDigest: input.plan?.digest ?? '',
      state: 'starting',
      startedAt: new Date().toISOString(),
      phases: [],
      rollbacks: [],
      timeline: [],
      contacts: input.plan?.contacts ?? [],
      inconsistent: false,
    };
    setHandler(statusQuery, () => this.status);
    setHandler(reportSignal, (report) => this.#take(report));
    setHandler(answerSignal, ({ id, ...answer }) => void this.#answers.set(id, answer));
    for (const name of Object.keys(commandUpdates) as CommandName[]) this.#accept(name);
    this.#show();
  }

  opened({ plan, completed, waysBack = [], notes = [] }: OpenedRun, heading: WayOn): void {
    const without = heading.way === 'forward' ? heading.without : [];
    this.status.plan = plan.name;
    this.status.planDigest = plan.digest;
    this.status.contacts = plan.contacts;
    this.status.recovery = recoveryOf(plan);
    const done = new Map(completed.map(({ phase, run }) => [phase, run]));
    this.#completedBy = done;
    this.status.phases = plan.phases.map((phase) => {
      const earlier = done.get(phase.id);
      const wayBack = waysBack.find((known) => known.phase === phase.id);
      const total = phase.stages.reduce((sum, stage) => sum + stage.operations.length, 0);
      return {
        id: phase.id,
        ordinal: phase.ordinal,
        title: phase.title,
        risk: phase.risk,
        state: earlier !== undefined ? 'completed' : without.includes(phase.id) ? 'skipped' : 'pending',
        done: earlier !== undefined ? total : 0,
        total,
        ...(earlier === undefined ? {} : { reason: `completed by run ${earlier}` }),
        ...(wayBack === undefined ? {} : { wayBack }),
      };
    });
    this.enter(heading.way === 'forward' ? 'running' : 'rolling-back');
    this.tell(`plan ${plan.name} is sealed: edits to it, or to a file it names, change nothing in this run`);
    for (const note of notes) this.tell(note);
  }

  /** Phases of this plan among those that went back: another plan's may have the same id. */
  tookBack(phases: RollbackPlan['phases'], runId: string): void {
    this.status.phases = this.status.phases.map((phase) => {
      const run = this.#completedBy.get(phase.id) ?? runId;
      const isBack = phases.some((back) => back.id === phase.id && (back.run === undefined || back.run === run));
      return isBack ? { ...phase, state: 'rolled-back' } : phase;
    });
  }

  enter(state: RunState, reason?: string): void {
    this.status.state = state;
    if (reason === undefined) delete this.status.reason;
    else this.status.reason = reason;
    this.#show();
  }

  tell(text: string): void {
    this.#story.push({ at: new Date().toISOString(), text });
    this.#show();
  }

  /** While a child is at work, commands go to it. */
  async whileAtWork<T>(workflowId: string, work: () => Promise<T>): Promise<T> {
    this.#child = workflowId;
    try {
      return await work();
    } finally {
      this.#child = undefined;
      delete this.status.waiting;
      delete this.status.operation;
    }
  }

  /** Parks a rollback that cannot be planned as asked: the run stays open, and another way can be chosen. */
  async parkPlanning(error: FailureDetail): Promise<PlanningDecision> {
    const planning: { decide?: PlanningDecision } = {};
    this.#planning = planning;
    this.status.waiting = {
      for: 'operator',
      since: new Date().toISOString(),
      error,
      accepts: ['retry', 'rollback', 'abort'],
    };
    this.enter('awaiting-operator', `the rollback cannot be planned: ${error.message}`);
    await condition(() => planning.decide !== undefined);
    this.#planning = undefined;
    delete this.status.waiting;
    return planning.decide ?? { decision: 'retry', by: '' };
  }

  cancelledFromOutside(): void {
    this.#abortReason = 'cancelled in Temporal';
    if (this.#child !== undefined)
      void CancellationScope.nonCancellable(() =>
        // Refused only where the run is over, or being stopped anyway.
        this.#obey({ command: 'abort', by: 'Temporal', reason: 'cancelled in Temporal' }).catch(() => undefined),
      );
    else if (this.#planning) this.#planning.decide ??= { decision: 'abort', by: 'Temporal', reason: 'cancelled there' };
  }

  /** Set when the run was cancelled while no child could be told. */
  get abortReason(): string | undefined {
    return this.#abortReason;
  }

  #accept(name: CommandName): void {
    const validator = (argument: object) => {
      const why =
        refusal(this.status.state, name) ??
        objectionOfRun({ command: name, ...argument } as Command, this.status, this.#planning !== undefined);
      if (why !== undefined) throw ApplicationFailure.nonRetryable(why, 'Conflict');
    };
    // Not in the root scope, where a cancel from outside would end the wait for an answer.
    const handler = (argument: object): Promise<CommandAnswer> =>
      CancellationScope.nonCancellable(() => this.#obey({ command: name, ...argument } as Command));
    setHandler(commandUpdates[name], handler as never, {
      validator: validator as never,
      description: descriptions[name],
    });
  }

  async #obey(command: Command): Promise<CommandAnswer> {
    for (;;) {
      // Between two children there is a moment without any: the next one takes the command.
      await condition(() => this.#child !== undefined || this.#planning !== undefined || this.#over());
      if (this.#planning) return this.#decidePlanning(this.#planning, command);
      if (this.#child === undefined)
        throw ApplicationFailure.nonRetryable(`the run is ${this.status.state}`, 'Conflict');
      const told = await this.#send(this.#child, command);
      if (told?.answer) return told.answer;
      if (told) throw ApplicationFailure.nonRetryable(told.refused ?? 'refused', 'Conflict');
    }
  }

  /** @returns undefined when the child ended before it could take the command */
  async #send(child: string, command: Command): Promise<{ answer?: CommandAnswer; refused?: string } | undefined> {
    this.#lastId += 1;
    const id = this.#lastId;
    try {
      await getExternalWorkflowHandle(child).signal(commandSignal, { id, command });
    } catch {
      // It has ended already; that it has is about to be heard.
    }
    await condition(() => this.#answers.has(id) || this.#child !== child);
    const told = this.#answers.get(id);
    this.#answers.delete(id);
    return told;
  }

  /** The first word stands. What was meant for a child that has ended since is refused. */
  #decidePlanning(planning: { decide?: PlanningDecision }, command: Command): CommandAnswer {
    const refused =
      planning.decide === undefined
        ? objectionOfRun(command, this.status, true)
        : `${command.command} comes too late: ${planning.decide.decision} was said just before`;
    if (refused !== undefined) throw ApplicationFailure.nonRetryable(refused, 'Conflict');
    const { by } = command;
    if (command.command === 'abort') {
      planning.decide = { decision: 'abort', by, reason: command.reason };
      return {
        state: this.status.state,
        message: 'stopping; what was done stays as it is and can still be rolled back',
      };
    }
    planning.decide =
      command.command === 'rollback'
        ? { decision: 'rollback', request: command.request, reason: command.reason, by }
        : { decision: 'retry', by };
    return { state: this.status.state, message: 'planning the rollback again' };
  }

  #take(report: ChildReport): void {
    this.#story.push(...report.news);
    // Signals may arrive in another order than they were sent: a late one has news, but its state is old.
    if (report.version <= (this.#seen.get(report.workflowId) ?? 0)) {
      this.#show();
      return;
    }
    this.#seen.set(report.workflowId, report.version);
    const { timeline: _story, ...newest } = withReport(this.status, report);
    if (report.workflowId === this.#child) {
      delete this.status.waiting;
      delete this.status.operation;
      delete this.status.reason;
      Object.assign(this.status, newest);
    } else {
      const { phases, rollbacks, inconsistent } = newest;
      Object.assign(this.status, { phases, rollbacks, inconsistent });
    }
    this.#show();
  }

  #over(): boolean {
    return acceptedCommands[this.status.state].length === 0;
  }

  #show(): void {
    this.#story = this.#story.sort((a, b) => (a.at < b.at ? -1 : a.at > b.at ? 1 : 0)).slice(-timelineLength);
    this.status.timeline = this.#story;
    setCurrentDetails(migrationDetails(this.status));
    if (this.status.state === this.#shownState) return;
    this.#shownState = this.status.state;
    upsertMemo({ state: this.status.state });
    if (this.input.searchAttributes) upsertSearchAttributes(runAttributes({ state: this.status.state }));
  }
}

const descriptions: Record<CommandName, string> = {
  pause: 'Hold after the operation under way.',
  resume: 'Go on: after a pause, or try a parked operation again.',
  retry: 'Try a parked operation again.',
  skip: 'Leave a parked operation out, with a reason. Skipping an undo makes the target inconsistent.',
  doneByHand: 'A person has done the parked operation; a check proves it.',
  approve: 'Say yes, in a role that the plan asks for.',
  reject: 'Say no, in a role that the plan asks for, with a reason.',
  rollback: 'Take back what was done, with a reason.',
  abort: 'Stop here; what was done stays and can be rolled back later.',
};

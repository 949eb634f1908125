import {
  allHandlersFinished,
  CancellationScope,
  condition,
  getExternalWorkflowHandle,
  setHandler,
  workflowInfo,
} from '@temporalio/workflow';
import type { RunRef } from '../runbook/activities.ts';
import { runStates, type ChildReport } from '../runbook/child-report.ts';
import type { FailureDetail, JournalEntry } from '../runbook/journal.ts';
import type { Operation } from '../runbook/operations.ts';
import { secondsUntilReminder } from '../runbook/reminder.ts';
import { objectionOf, wordOf } from '../runbook/command-acceptance.ts';
import type { Gate } from '../runbook/gate-entry.ts';
import { gateId } from '../runbook/gate.ts';
import type { GoingBack } from '../runbook/going-back.ts';
import {
  acceptedCommands,
  type Command,
  type CommandAnswer,
  type CommandName,
  type RunState,
  type RunStatus,
  type Waiting,
} from '../runbook/run-state.ts';
import { Approval } from './approval.ts';
import { control, record } from './calls.ts';
import { describeFailure } from './failure.ts';
import { answerSignal, commandSignal, reportQuery, type ChildResult, type PauseRequest } from './messages.ts';
import { Reporter, type Standing } from './reporter.ts';

/** What ends the work of a child before its last operation. */
export type Stop = Exclude<ChildResult, { outcome: 'completed' }>;

/** What a person decided about a parked operation. */
export type Decision =
  | { decision: 'retry' }
  | { decision: 'skip'; by: string; reason: string }
  | { decision: 'doneByHand' }
  | { decision: 'stop'; stop: Stop };

type Outcome = { answer: CommandAnswer } | { refused: string };

const decisionWords = { retry: 'trying again', skip: 'skipped', doneByHand: 'done by hand and proven' } as const;

/** What a child is parked at: an operation that failed, or a gate at which somebody said no. */
type Parked = { id: string; summary: string } & ({ operation: Operation } | { gate: Gate });

type Family = 'phase' | 'rollback';

/**
 * The conversation of a child workflow with its operator, through the parent: it knows why the child stands still, takes commands
 * where the state allows them, and reports every change to the parent and to the Temporal UI.
 */
export class Session extends Reporter {
  state: ChildReport['state'] = 'running';
  waiting: Waiting | undefined;
  operation: RunStatus['operation'];
  inconsistent = false;
  stop: Stop | undefined;
  #decision: Decision | undefined;
  #parked: Parked | undefined;
  #approval: Approval | undefined;
  #failedAt: string | undefined;
  /** The command that is being carried out: until it is, no other decision is taken. */
  #decided: CommandName | undefined;
  #pauseRequested: PauseRequest | undefined;
  #scope: CancellationScope | undefined;
  #keys = 0;

  constructor(
    private readonly family: Family,
    private readonly run: RunRef,
    /** What only the family knows: the status of the phase or of the rollback. */
    private readonly subject: () => Pick<ChildReport, 'phase' | 'rollback'>,
    private readonly details: (session: Session) => string,
    pauseRequested?: PauseRequest,
  ) {
    super();
    this.#pauseRequested = pauseRequested;
    setHandler(reportQuery, () => this.reportNow());
    // Handlers run in the root scope: after a cancel from outside they could not even answer.
    setHandler(commandSignal, ({ id, command }) => CancellationScope.nonCancellable(() => this.#receive(id, command)));
  }

  get runState(): RunState {
    return runStates[this.family][this.state];
  }

  /** Writes journal lines with a key that is the same at every replay. */
  async journal(entries: JournalEntry[]): Promise<void> {
    this.#keys += 1;
    const { workflowId, runId } = workflowInfo();
    // With the execution: one that was reset counts from the start, and what it writes must not be taken for what was written.
    await record({ run: this.run, key: `${workflowId}:${runId.slice(0, 8)}:${this.#keys}`, entries });
  }

  /** Runs work that a person's `abort` or `rollback` may interrupt. */
  async interruptible<T>(work: () => Promise<T>): Promise<T> {
    const scope = new CancellationScope({ cancellable: true });
    this.#scope = scope;
    try {
      return await scope.run(work);
    } finally {
      this.#scope = undefined;
    }
  }

  /** Holds while the run is paused. */
  async holdWhilePaused(): Promise<void> {
    if (!this.#pauseRequested || this.stop) return;
    const { by, reason } = this.#pauseRequested;
    await this.#wait('paused', { for: 'resume' }, `paused by ${by}${reason === undefined ? '' : `: ${reason}`}`);
    await condition(() => this.#pauseRequested === undefined || this.stop !== undefined);
    await this.#goOn('resumed');
  }

  /** Parks on a failed operation until a person has decided. Nothing is dropped meanwhile. */
  park(operation: Operation, error: FailureDetail): Promise<Decision> {
    const { id, summary, stage } = operation;
    return this.#park({ id, summary, operation }, { operation: { id, summary, stage }, error });
  }

  /** Parks at a gate at which somebody said no. */
  parkAt(gate: Gate, error: FailureDetail): Promise<Decision> {
    return this.#park({ id: gateId(gate), summary: `approval of ${gate.role}`, gate }, { gate, error });
  }

  async #park(parked: Parked, at: Pick<Waiting, 'operation' | 'gate'> & { error: FailureDetail }): Promise<Decision> {
    this.#decision = this.stop ? { decision: 'stop', stop: this.stop } : undefined;
    this.#parked = parked;
    this.#failedAt = new Date().toISOString();
    const { summary } = parked;
    await this.#wait('awaiting-operator', { for: 'operator', ...at }, `${summary}: ${at.error.message}`);
    await condition(() => this.#decision !== undefined);
    this.#parked = undefined;
    this.#decided = undefined;
    const decision = this.#takeDecision();
    await this.#goOn(decision.decision === 'stop' ? undefined : `${decisionWords[decision.decision]}: ${summary}`);
    return decision;
  }

  /** Set by command handlers while `park` waits. */
  #takeDecision(): Decision {
    return this.#decision ?? { decision: 'retry' };
  }

  /** Waits until people in this role have said yes; a no parks. */
  async awaitApproval(gate: Gate, remindSeconds: number): Promise<FailureDetail | undefined> {
    const { role } = gate;
    const approval = new Approval(gate);
    this.#approval = approval;
    await this.#wait(
      'awaiting-approval',
      { for: 'approval', approval: approval.asked },
      `waiting for the approval of ${role}`,
      [{ type: 'gate', ...gate, state: 'asked' }],
    );
    const answered = () => approval.answered || this.stop !== undefined;
    const untilNext = (nth: number) =>
      condition(answered, secondsUntilReminder(remindSeconds, nth) * 1000, { summary: `remind: approval of ${role}` });
    for (let nth = 1; !(await untilNext(nth)); nth += 1) this.tell(`still waiting for the approval of ${role}`);
    this.#approval = undefined;
    this.#decided = undefined;
    const by = approval.asked.given.map((given) => given.by).join(', ');
    await this.#goOn(approval.rejected || this.stop ? undefined : `approved by ${by} as ${role}`);
    return approval.rejected;
  }

  /** What a rehearsal, which is a child of this child, does and has to say. */
  hear({ workflowId, operation, news }: ChildReport): void {
    this.relay(news);
    this.operation = operation && { ...operation, workflowId };
    this.reportSoon();
  }

  protected override standing(): Standing {
    return {
      ...this.subject(),
      state: this.state,
      ...(this.operation ? { operation: this.operation } : {}),
      ...(this.waiting ? { waiting: this.waiting } : {}),
      inconsistent: this.inconsistent,
    };
  }

  protected override inDetail(): string {
    return this.details(this);
  }

  /** Before the workflow ends: its last report has arrived, and every command has its answer, also one that came meanwhile. */
  async close(): Promise<void> {
    do {
      await condition(allHandlersFinished);
      await this.lastReport();
    } while (!allHandlersFinished());
  }

  /** What was asked for when nothing was left that could hold: the next phase does. */
  get pauseRequested(): PauseRequest | undefined {
    return this.#pauseRequested;
  }

  /** A cancel that did not come from our own command (the Temporal UI, the CLI of Temporal). */
  cancelledFromOutside(reason = 'cancelled in Temporal'): void {
    if (this.family === 'rollback') {
      // Dropping a compensation is a person's decision, and this command does not say so: it holds instead.
      this.#pauseRequested = {
        by: 'a cancel request in Temporal',
        reason: 'a rollback is not cancelled, it is paused',
      };
    } else {
      this.#requestStop({ outcome: 'aborted', reason });
    }
  }

  async #wait(
    state: ChildReport['state'],
    waiting: Omit<Waiting, 'since' | 'accepts'>,
    why: string,
    lines: JournalEntry[] = [],
  ): Promise<void> {
    this.state = state;
    const accepted = acceptedCommands[this.runState];
    const accepts = waiting.gate ? accepted.filter((command) => command !== 'doneByHand') : accepted;
    this.waiting = { ...waiting, since: new Date().toISOString(), accepts };
    this.tell(why);
    await this.journal([...lines, { type: 'run-state', state: this.runState, reason: why.slice(0, 500) }]);
  }

  async #goOn(text: string | undefined): Promise<void> {
    this.state = 'running';
    this.waiting = undefined;
    if (text !== undefined) this.tell(text);
    await this.journal([{ type: 'run-state', state: this.runState }]);
  }

  /** The first word stands: what it was answered with is what happens. */
  #requestStop(stop: Stop): void {
    if (this.stop) return;
    this.stop = stop;
    this.#decision = { decision: 'stop', stop };
    this.#pauseRequested = undefined;
    this.#scope?.cancel();
  }

  async #receive(id: number, command: Command): Promise<void> {
    const outcome = await this.#answer(command);
    const { parent } = workflowInfo();
    if (!parent) return;
    try {
      await getExternalWorkflowHandle(parent.workflowId).signal(answerSignal, { id, ...outcome });
    } catch {
      // The parent is gone, and with it who asked. What was decided stands in the journal, and the child goes on.
    }
  }

  async #answer(command: Command): Promise<Outcome> {
    const refused = objectionOf(
      {
        state: this.runState,
        ...(this.#parked && { parked: this.#parked.id }),
        ...(this.#parked && 'gate' in this.#parked && { atGate: true as const }),
        ...(this.#approval && { role: this.#approval.asked.role }),
        ...(this.#decided && { decided: this.#decided }),
        ...(this.stop && { ending: this.stop.reason }),
      },
      command,
    );
    if (refused !== undefined) return { refused };
    if (command.command === 'doneByHand') return this.#proveByHand(command);
    // Before anything is awaited: another command may come while this one is written down.
    if (command.command !== 'pause') this.#decided = command.command;
    const goingBack = command.command === 'rollback' ? this.#goingBack(command) : undefined;
    try {
      await this.#journalDecision(command, goingBack);
    } catch (error) {
      this.#decided = undefined;
      return { refused: `${wordOf(command.command)} could not be written down: ${describeFailure(error).message}` };
    }
    // A cancel from outside may have come meanwhile.
    if (this.stop) return { refused: `${wordOf(command.command)} comes too late: ${this.stop.reason}` };
    return { answer: this.#obey(command, goingBack) };
  }

  #goingBack({ request, reason, by }: Extract<Command, { command: 'rollback' }>): GoingBack {
    const decidedAt = new Date().toISOString();
    return { request, reason, by, detectedAt: this.#failedAt ?? decidedAt, decidedAt };
  }

  #obey(command: Exclude<Command, { command: 'doneByHand' }>, goingBack: GoingBack | undefined): CommandAnswer {
    const answer = (message: string, state = this.runState): CommandAnswer => ({ state, message });
    const goingOn = runStates[this.family].running;
    const parked = this.#parked;
    switch (command.command) {
      case 'pause':
        this.#pauseRequested = { by: command.by, ...(command.reason === undefined ? {} : { reason: command.reason }) };
        return answer(
          this.operation ? `pausing after: ${this.operation.summary}` : 'pausing before the next operation',
        );
      case 'resume':
      case 'retry':
        this.#pauseRequested = undefined;
        if (parked) this.#decision = { decision: 'retry' };
        else this.#decided = undefined;
        return answer(parked ? `trying again: ${parked.summary}` : 'going on', goingOn);
      case 'skip':
        this.#decision = { decision: 'skip', by: command.by, reason: command.reason };
        return answer(`skipping: ${parked?.summary ?? ''}`, goingOn);
      case 'approve':
        return answer(this.#approval?.approve(command) ?? '', goingOn);
      case 'reject':
        return answer(this.#approval?.reject(command) ?? '');
      case 'rollback':
        this.#requestStop({ outcome: 'rollback', ...(goingBack ?? this.#goingBack(command)) });
        return answer('rolling back', 'rolling-back');
      case 'abort':
        this.#requestStop({ outcome: 'aborted', reason: `${command.by}: ${command.reason}` });
        return answer('stopping; what was done stays as it is and can still be rolled back', goingOn);
    }
  }

  /** Proven first; then it is known whether the operation is still parked; only then it is written down. */
  async #proveByHand(command: Extract<Command, { command: 'doneByHand' }>): Promise<Outcome> {
    const parked = this.#parked;
    if (!parked || !('operation' in parked)) return { refused: 'there is no parked operation' };
    const { operation } = parked;
    const { by, reason, proof } = command;
    let proven;
    try {
      proven = await control(`prove by hand: ${parked.summary}`).proveByHand({
        run: this.run,
        operation,
        checks: proof,
        by,
        reason,
        onlyProve: true,
      });
    } catch (error) {
      return { refused: `the proof could not be taken: ${describeFailure(error).message}` };
    }
    const failed = proven.results.filter(({ verdict }) => verdict !== 'successful');
    if (!proven.proven)
      return { refused: `not proven: ${failed.map(({ check, detail }) => `${check}: ${detail}`).join('; ')}` };
    // Another decision may have been taken while the proof ran; the first one stands.
    if (this.#parked !== parked || this.#decided !== undefined || this.stop)
      return { refused: 'the operation is not parked any more: something else was decided while the proof was taken' };
    this.#decided = 'doneByHand';
    const { results, undo } = proven;
    try {
      await this.journal([
        { type: 'done-by-hand', operation, by, reason, proof: results, ...(undo && { undo }) },
        { type: 'decision', command: 'doneByHand', by, reason },
      ]);
    } catch (error) {
      this.#decided = undefined;
      return { refused: `it could not be written down: ${describeFailure(error).message}` };
    }
    this.#decision ??= { decision: 'doneByHand' };
    return { answer: { state: runStates[this.family].running, message: `done by hand and proven: ${parked.summary}` } };
  }

  #journalDecision(command: Command, goingBack: GoingBack | undefined): Promise<void> {
    const reason = 'reason' in command ? command.reason : undefined;
    const role = 'role' in command ? { role: command.role } : {};
    const comment = 'comment' in command && command.comment !== undefined ? { comment: command.comment } : {};
    const detail = { ...role, ...comment };
    return this.journal([
      {
        type: 'decision',
        command: command.command,
        by: command.by,
        ...(reason === undefined ? {} : { reason }),
        ...(Object.keys(detail).length === 0 ? {} : { detail }),
        ...(goingBack && { goingBack }),
      },
      ...this.#answerOfGate(command),
    ]);
  }

  /** The line of the gate that is answered, written together with the decision. */
  #answerOfGate(command: Command): JournalEntry[] {
    const gate = this.#approval?.gate;
    if (gate === undefined || (command.command !== 'approve' && command.command !== 'reject')) return [];
    const { by } = command;
    if (command.command === 'reject') return [{ type: 'gate', ...gate, state: 'rejected', by, reason: command.reason }];
    const { comment, planDigest } = command;
    return [
      {
        ...{ type: 'gate', ...gate, state: 'approved', by },
        ...(comment === undefined ? {} : { reason: comment }),
        ...(planDigest === undefined ? {} : { planDigest }),
      },
    ];
  }
}

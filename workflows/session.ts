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
import {
  acceptedCommands,
  refusal,
  type Command,
  type CommandAnswer,
  type RunState,
  type RunStatus,
  type Waiting,
} from '../runbook/run-state.ts';
import { Approval } from './approval.ts';
import { control, record } from './calls.ts';
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

const decisionWords = { retry: 'trying again', skip: 'skipped', doneByHand: 'done by hand and proven' } as const;

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
  #parked: Operation | undefined;
  #approval: Approval | undefined;
  #failedAt: string | undefined;
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
    await record({ run: this.run, key: `${workflowInfo().workflowId}:${this.#keys}`, entries });
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
  async park(operation: Operation, error: FailureDetail): Promise<Decision> {
    this.#decision = this.stop ? { decision: 'stop', stop: this.stop } : undefined;
    this.#parked = operation;
    this.#failedAt = new Date().toISOString();
    const { id, summary, stage } = operation;
    await this.#wait(
      'awaiting-operator',
      { for: 'operator', operation: { id, summary, stage }, error },
      `${summary}: ${error.message}`,
    );
    await condition(() => this.#decision !== undefined);
    this.#parked = undefined;
    const decision = this.#takeDecision();
    await this.#goOn(decision.decision === 'stop' ? undefined : `${decisionWords[decision.decision]}: ${summary}`);
    return decision;
  }

  /** Set by command handlers while `park` waits. */
  #takeDecision(): Decision {
    return this.#decision ?? { decision: 'retry' };
  }

  /** Waits until people in this role have said yes; a no parks. */
  async awaitApproval(role: string, remindSeconds: number): Promise<FailureDetail | undefined> {
    const approval = new Approval(role);
    this.#approval = approval;
    await this.#wait(
      'awaiting-approval',
      { for: 'approval', approval: approval.asked },
      `waiting for the approval of ${role}`,
    );
    const answered = () => approval.answered || this.stop !== undefined;
    const untilNext = (nth: number) =>
      condition(answered, secondsUntilReminder(remindSeconds, nth) * 1000, { summary: `remind: approval of ${role}` });
    for (let nth = 1; !(await untilNext(nth)); nth += 1) this.tell(`still waiting for the approval of ${role}`);
    this.#approval = undefined;
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

  async #wait(state: ChildReport['state'], waiting: Omit<Waiting, 'since' | 'accepts'>, why: string): Promise<void> {
    this.state = state;
    this.waiting = { ...waiting, since: new Date().toISOString(), accepts: acceptedCommands[this.runState] };
    this.tell(why);
    await this.journal([{ type: 'run-state', state: this.runState, reason: why.slice(0, 500) }]);
  }

  async #goOn(text: string | undefined): Promise<void> {
    this.state = 'running';
    this.waiting = undefined;
    if (text !== undefined) this.tell(text);
    await this.journal([{ type: 'run-state', state: this.runState }]);
  }

  #requestStop(stop: Stop): void {
    this.stop = stop;
    this.#decision = { decision: 'stop', stop };
    this.#pauseRequested = undefined;
    this.#scope?.cancel();
  }

  async #receive(id: number, command: Command): Promise<void> {
    const refused = refusal(this.runState, command.command);
    const outcome = refused === undefined ? await this.#obey(command) : { refused };
    const { parent } = workflowInfo();
    if (!parent) return;
    await getExternalWorkflowHandle(parent.workflowId).signal(answerSignal, { id, ...outcome });
  }

  async #obey(command: Command): Promise<{ answer: CommandAnswer } | { refused: string }> {
    const answer = (message: string, state = this.runState) => ({ answer: { state, message } });
    const goingOn = runStates[this.family].running;
    if (command.command !== 'doneByHand') await this.#journalDecision(command);
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
        return answer(parked ? `trying again: ${parked.summary}` : 'going on', goingOn);
      case 'skip':
        if (!parked || (command.operation !== undefined && command.operation !== parked.id))
          return { refused: `there is no parked operation ${command.operation ?? ''}`.trim() };
        this.#decision = { decision: 'skip', by: command.by, reason: command.reason };
        return answer(`skipping: ${parked.summary}`, goingOn);
      case 'doneByHand':
        return this.#proveByHand(command);
      case 'approve':
      case 'reject': {
        const approval = this.#approval;
        if (approval?.asked.role !== command.role)
          return {
            refused: `no approval of ${command.role} is asked for; asked for: ${approval?.asked.role ?? 'none'}`,
          };
        return command.command === 'approve'
          ? answer(approval.approve(command), goingOn)
          : answer(approval.reject(command));
      }
      case 'rollback': {
        const now = new Date().toISOString();
        this.#requestStop({
          outcome: 'rollback',
          request: command.request,
          reason: command.reason,
          by: command.by,
          detectedAt: this.#failedAt ?? now,
          decidedAt: now,
        });
        return answer('rolling back', 'rolling-back');
      }
      case 'abort':
        this.#requestStop({ outcome: 'aborted', reason: `${command.by}: ${command.reason}` });
        return answer('stopping; what was done stays as it is and can still be rolled back', goingOn);
    }
  }

  async #proveByHand(
    command: Extract<Command, { command: 'doneByHand' }>,
  ): Promise<{ answer: CommandAnswer } | { refused: string }> {
    const parked = this.#parked;
    if (!parked || (command.operation !== undefined && command.operation !== parked.id))
      return { refused: `there is no parked operation ${command.operation ?? ''}`.trim() };
    const { by, reason, proof } = command;
    try {
      const { proven, results } = await control(`prove by hand: ${parked.summary}`).proveByHand({
        run: this.run,
        operation: parked,
        checks: proof,
        by,
        reason,
      });
      if (!proven)
        return {
          refused: `not proven: ${results
            .filter((result) => result.verdict !== 'successful')
            .map((result) => `${result.check}: ${result.detail}`)
            .join('; ')}`,
        };
    } catch (error) {
      return { refused: `the proof could not be taken: ${String(error)}` };
    }
    await this.#journalDecision(command);
    // Another decision may have been taken while the proof ran; the first one stands.
    if (this.#parked !== parked) return { refused: 'the operation is not parked any more' };
    this.#decision = { decision: 'doneByHand' };
    return { answer: { state: runStates[this.family].running, message: `done by hand and proven: ${parked.summary}` } };
  }

  #journalDecision(command: Command): Promise<void> {
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
      },
    ]);
  }
}

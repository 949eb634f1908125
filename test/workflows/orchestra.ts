import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { execFileSync } from 'node:child_process';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { historyToJSON } from '@temporalio/common/lib/proto-utils.js';
import { TestWorkflowEnvironment } from '@temporalio/testing';
import { bundleWorkflowCode, DefaultLogger, Runtime, type Worker } from '@temporalio/worker';
import { DockerEngine } from '../../activities/docker/index.ts';
import { createActivities } from '../../activities/index.ts';
import type { EffectHandler, EffectHandlers, Observation } from '../../activities/effect.ts';
import { storeDrivers } from '../../activities/stores/registry.ts';
import { TargetAccess } from '../../activities/perform/target-access.ts';
import { readJournal, targetHome } from '../../journal/index.ts';
import type { JournalEntry } from '../../runbook/journal.ts';
import type { Activities, CloneAnswer } from '../../runbook/activities.ts';
import type { CompiledPlan } from '../../runbook/compiled-plan.ts';
import { backupWorkflowId, hostTaskQueue, migrationWorkflowId } from '../../runbook/names.ts';
import { operationVersion, type OperationKind, type Receipt } from '../../runbook/operations.ts';
import { childAtWork, withReport } from '../../runbook/child-report.ts';
import {
  finalRunStates,
  type Command,
  type CommandAnswer,
  type RollbackRequest,
  type RunState,
  type RunStatus,
} from '../../runbook/run-state.ts';
import { outlinedPlan, type Outline } from './compiled-plan.ts';
import { createWorker } from '../../worker/create-worker.ts';
import type { migration } from '../../workflows/migration.ts';
import {
  commandUpdates,
  reportQuery,
  statusQuery,
  type BackupInput,
  type MigrationInput,
} from '../../workflows/messages.ts';

/** As many orchestras as test files may be at work on one server. */
const sharedHost = `orchestra-${process.pid}-${Date.now()}`;

/** What a fake world does when an operation comes to it: succeed, throw, or wait until it is aborted. */
export type Script = (operationId: string, attempt: number) => Outcome | Promise<Outcome>;
type Outcome = 'succeed' | 'hang' | Error;

const checkout = fileURLToPath(new URL('../..', import.meta.url)).replace(/\/$/, '');

/**
 * Temporal, the worker and the journal are real here; only the effects are fakes, since these tests are about who does what when.
 */
export class Orchestra {
  /** Operations that took effect, in order. */
  readonly effects: string[] = [];
  script: Script = () => 'succeed';
  /** Comes before lines are written to the journal on behalf of a workflow. */
  recording: (entries: readonly JournalEntry[]) => Promise<void> = () => Promise.resolve();
  /** Comes before a proof by hand is taken. */
  proving: () => Promise<void> = () => Promise.resolve();
  /** What stands in the receipt of an operation. */
  facts: (operationId: string) => Receipt['facts'] = () => ({});
  /** What a rehearsal finds. */
  differences: string[] = [];
  clonesRemoved = 0;
  readonly home: string;
  readonly #workers: { worker: Worker; running: Promise<void> }[] = [];

  private constructor(
    readonly environment: TestWorkflowEnvironment,
    readonly workflowBundle: { code: string },
  ) {
    this.home = mkdtempSync(join(tmpdir(), 'switchback-orchestra-'));
  }

  static async start(): Promise<Orchestra> {
    Runtime.install({ logger: new DefaultLogger('ERROR') });
    const [address, bundle] = [process.env['SWITCHBACK_TEST_TEMPORAL'], process.env['SWITCHBACK_TEST_BUNDLE']];
    if (address !== undefined && bundle !== undefined) {
      const environment = await TestWorkflowEnvironment.createFromExistingServer({ address });
      return new Orchestra(environment, { code: readFileSync(bundle, 'utf8') });
    }
    const path = execFileSync(fileURLToPath(new URL('../../scripts/find-temporal', import.meta.url)), {
      encoding: 'utf8',
    }).trim();
    const environment = await TestWorkflowEnvironment.createLocal({
      server: {
        executable: { type: 'existing-path', path },
        extraArgs: ['--dynamic-config-value', 'system.enableActivityEagerExecution=true'],
        log: { format: 'json', level: 'error' },
      },
    });
    const workflowsPath = fileURLToPath(new URL('../../workflows/index.ts', import.meta.url));
    const { code } = await bundleWorkflowCode({ workflowsPath, logger: new DefaultLogger('ERROR') });
    return new Orchestra(environment, { code });
  }

  /** A plan whose host is that of all targets here: one worker serves them. */
  plan(target: string, outlines: Outline[]): CompiledPlan {
    return outlinedPlan(target, this.home, outlines, sharedHost);
  }

  async stop(): Promise<void> {
    for (const { worker, running } of this.#workers) {
      if (worker.getState() === 'RUNNING') worker.shutdown();
      await running;
    }
    await this.environment.teardown();
    await Runtime.instance().shutdown();
    rmSync(this.home, { recursive: true, force: true });
  }

  /** A worker for a host of its own, or for that of all targets. @returns a function that stops it */
  async work(host = sharedHost): Promise<() => Promise<void>> {
    const worker = await createWorker({
      connection: this.environment.nativeConnection,
      namespace: 'default',
      host,
      activities: this.#activities(),
      workflows: { workflowBundle: this.workflowBundle },
    });
    const running = worker.run();
    const entry = { worker, running };
    this.#workers.push(entry);
    return async () => {
      this.#workers.splice(this.#workers.indexOf(entry), 1);
      worker.shutdown();
      await running;
    };
  }

  #activities(): Activities {
    const access = new TargetAccess({ ...process.env, SWITCHBACK_HOME: this.home });
    const engine = new DockerEngine();
    const world = { engine, stores: storeDrivers(engine) };
    const activities = createActivities({
      access,
      handlers: this.#handlers(),
      cloneHandlers: () => this.#handlers(),
      secrets: { environment: {}, allowed: [] },
      worker: 'orchestra',
      stacks: [this.home],
      guard: () => Promise.resolve(),
      world,
      check: async (checks) => {
        await this.proving();
        return checks.map((check) => ({
          check: check.kind,
          verdict: check.kind === 'services' ? 'successful' : 'failed',
          detail: 'scripted',
          tookMs: 0,
        }));
      },
    });
    return {
      ...activities,
      record: async (request) => {
        await this.recording(request.entries);
        return activities.record(request);
      },
      // A clone without Docker: the same plan on a target of its own, which the scripts see by its leg.
      buildClone: async ({ target, clone, run, plan: own, phases }): Promise<CloneAnswer> => {
        const plan = own ?? (await (await access.open(target)).sealedRun(run?.runId ?? '')).plan;
        const { root } = (await access.open(clone)).home;
        const stack = { ...plan.stack, directory: root, cloneOf: { project: target, directory: this.home } };
        const rehearsed = (phases ?? plan.phases.map(({ id }) => id)).map((id) => ({ id, rehearsed: true }));
        // A plan that was read from a file names files, which this clone has no copies of.
        const derived = { ...plan, target: clone, stack, files: [] };
        return { outcome: 'built', plan: derived, standing: [], phases: rehearsed, notes: [] };
      },
      captureClone: () => Promise.resolve({ restless: [] }),
      compareClone: () => Promise.resolve({ compared: ['as scripted'], differences: [...this.differences], notes: [] }),
      removeClone: () => {
        this.clonesRemoved += 1;
        return Promise.resolve({ removed: 0 });
      },
    };
  }

  async begin(plan: CompiledPlan, runId: string, extra: Partial<MigrationInput> = {}) {
    const input: MigrationInput = {
      target: plan.target,
      runId,
      homeHost: plan.homeHost,
      operator: 'test@here',
      plan,
      without: [],
      searchAttributes: false,
      ...extra,
    };
    return this.environment.client.workflow.start<typeof migration>('migration', {
      workflowId: migrationWorkflowId(plan.target),
      taskQueue: hostTaskQueue(plan.homeHost),
      args: [input],
    });
  }

  /** Work on recovery points to its end, however that is; or by a schedule's hand. */
  async backUp(plan: CompiledPlan, task: BackupInput['task'], how: 'backup' | 'scheduledBackup' = 'backup') {
    const { target, homeHost } = plan;
    const input: BackupInput = { target, operator: 'test@here', plan, task };
    const handle = await this.environment.client.workflow.start(how, {
      workflowId: how === 'backup' ? backupWorkflowId(target) : `${backupWorkflowId(target)}/scheduled`,
      taskQueue: hostTaskQueue(homeHost),
      args: [input],
    });
    return handle.result().then(
      (result: unknown) => ({ result }),
      (error: unknown) => ({ error }),
    );
  }

  /** A run that only takes back what earlier runs did. */
  beginRollback(plan: CompiledPlan, runId: string, request: RollbackRequest) {
    return this.#beginWithoutPlan(plan, runId, { rollback: { request, reason: 'asked for days later' } });
  }

  /** An open run whose workflow is gone goes on. */
  goOn(plan: CompiledPlan, runId: string, more: Partial<MigrationInput> = {}) {
    return this.#beginWithoutPlan(plan, runId, { goOn: true, ...more });
  }

  /** The newest execution of a workflow begins again after its first task, as from the Temporal UI. */
  async reset(workflowId: string): Promise<void> {
    const { client } = this.environment;
    const { events } = await client.workflow.getHandle(workflowId).fetchHistory();
    const first = events?.find(({ workflowTaskCompletedEventAttributes: completed }) => completed);
    await client.workflowService.resetWorkflowExecution({
      ...{
        namespace: 'default',
        workflowExecution: { workflowId },
        reason: 'for the test',
        requestId: `${Date.now()}`,
      },
      workflowTaskFinishEventId: first?.eventId ?? null,
    });
  }

  /** What every test begins with. */
  quiet(): void {
    this.effects.length = 0;
    this.script = () => 'succeed';
    this.facts = () => ({});
    this.recording = () => Promise.resolve();
    this.proving = () => Promise.resolve();
  }

  #beginWithoutPlan({ target, homeHost }: CompiledPlan, runId: string, more: Partial<MigrationInput>) {
    const input: MigrationInput = {
      target,
      runId,
      homeHost,
      operator: 'test@here',
      without: [],
      searchAttributes: false,
      ...more,
    };
    return this.environment.client.workflow.start<typeof migration>('migration', {
      workflowId: migrationWorkflowId(target),
      taskQueue: hostTaskQueue(homeHost),
      args: [input],
    });
  }

  /** As the command line asks: the run, and then the child at work. */
  async status(target: string): Promise<RunStatus> {
    const { workflow } = this.environment.client;
    const status = await workflow.getHandle(migrationWorkflowId(target)).query(statusQuery);
    const child = finalRunStates.includes(status.state) ? undefined : childAtWork(status);
    return child === undefined ? status : withReport(status, await workflow.getHandle(child).query(reportQuery));
  }

  async until(target: string, ...states: RunState[]): Promise<RunStatus> {
    for (;;) {
      // By the run's own word: it hears of its child's state a moment later, and takes commands by what it has heard.
      const { state } = await this.environment.client.workflow
        .getHandle(migrationWorkflowId(target))
        .query(statusQuery);
      const status = await this.status(target);
      if (states.includes(state) && status.state === state) return status;
      await new Promise((resolve) => setImmediate(resolve));
    }
  }

  /** Waits until the run is parked at an operation: right after a command it is still seen at the one before. */
  async untilParkedAt(target: string, operation: string): Promise<RunStatus> {
    for (;;) {
      const status = await this.until(target, 'awaiting-operator');
      if (status.waiting?.operation?.id === operation) return status;
      await new Promise((resolve) => setImmediate(resolve));
    }
  }

  say(target: string, { command, ...argument }: Command): Promise<CommandAnswer> {
    return this.environment.client.workflow
      .getHandle(migrationWorkflowId(target))
      .executeUpdate(commandUpdates[command] as never, { args: [argument] as never });
  }

  /** Histories of all workflows of a target, as JSON that can be replayed (`JSON.stringify` of a history cannot). */
  async histories(target: string): Promise<{ workflowId: string; json: string }[]> {
    const { client } = this.environment;
    const found: { workflowId: string; json: string }[] = [];
    const ours = [migrationWorkflowId(target), backupWorkflowId(target)];
    for await (const { workflowId, runId } of client.workflow.list({
      query: ours.map((id) => `WorkflowId STARTS_WITH '${id}'`).join(' OR '),
    })) {
      const json = historyToJSON(await client.workflow.getHandle(workflowId, runId).fetchHistory());
      // Stack traces name the folder that the recorder works in.
      // Of one that ran again, each time counts.
      const again = found.filter((other) => other.workflowId.split('+')[0] === workflowId).length;
      found.push({
        workflowId: again === 0 ? workflowId : `${workflowId}+again-${again}`,
        json: json.replaceAll(checkout, '/switchback'),
      });
    }
    return found;
  }

  journal(target: string) {
    return readJournal(targetHome(target, { SWITCHBACK_HOME: this.home }).journal);
  }

  #handlers(): EffectHandlers {
    const done = new Set<string>();
    const fake: EffectHandler<OperationKind> = {
      observe: (_input, context): Promise<Observation> =>
        Promise.resolve(done.has(`${context.target}/${context.runId}/${context.operation.id}`) ? 'done' : 'absent'),
      prepare: (_input, context) => Promise.resolve({ undo: context.operation.undo, facts: {} }),
      perform: async (_input, context) => {
        const outcome = await this.script(context.operation.id, context.attempt);
        if (outcome instanceof Error) throw outcome;
        if (outcome === 'hang')
          await new Promise((_resolve, reject) =>
            context.signal.addEventListener('abort', () => reject(new Error('interrupted'))),
          );
        this.effects.push(context.operation.id);
        done.add(`${context.target}/${context.runId}/${context.operation.id}`);
        return {
          summary: 'done as scripted',
          facts: this.facts(context.operation.id),
          effect: { id: context.operation.id },
        };
      },
    };
    return Object.fromEntries(Object.keys(operationVersion).map((kind) => [kind, fake])) as unknown as EffectHandlers;
  }
}

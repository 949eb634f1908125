import { fileURLToPath } from 'node:url';
import { Client, Connection } from '@temporalio/client';
import { createActivities } from '../activities/index.ts';
import type { RepositoryRef } from '../runbook/compiled-plan.ts';
import { hostTaskQueue, migrationWorkflowId } from '../runbook/names.ts';
import type { Operation } from '../runbook/operations.ts';
import { connect, createWorker } from '../worker/create-worker.ts';
import { activityDependencies } from '../worker/dependencies.ts';
import type { migration } from '../workflows/migration.ts';
import { benchPhase, benchPlan } from './bench-plan.ts';
import { devServer } from './dev-server.ts';

/** A Temporal server and a worker with everything that a real one does, in this process. */
export interface BenchService {
  /** Runs operations one after the other, as a run of one phase. Returns how long that took, in milliseconds. */
  run(runId: string, operations: Pick<Operation, 'kind' | 'input' | 'effects'>[]): Promise<number>;
  stop(): Promise<void>;
}

/** @param repository that backups go to; without one, into the home */
export async function benchService(home: string, target: string, repository?: RepositoryRef): Promise<BenchService> {
  const server = await devServer(home);
  const nativeConnection = await connect(server.address);
  const dependencies = activityDependencies({
    address: server.address,
    namespace: 'default',
    host: 'bench',
    stacks: [home],
    secrets: { environment: {}, allowed: [] },
    name: 'bench',
    environment: { ...process.env, SWITCHBACK_HOME: home },
  });
  const worker = await createWorker({
    connection: nativeConnection,
    namespace: 'default',
    host: 'bench',
    activities: createActivities({ ...dependencies, guard: () => Promise.resolve() }),
    workflows: {
      workflowBundle: { codePath: fileURLToPath(new URL('../worker/workflow-bundle.js', import.meta.url)) },
    },
  });
  const running = worker.run();
  const connection = await Connection.connect({ address: server.address });
  const client = new Client({ connection });
  return {
    async run(runId, operations) {
      const began = performance.now();
      const plan = { ...planOf(target, runId, home, operations), ...(repository && { repository }) };
      const status = await client.workflow.execute<typeof migration>('migration', {
        workflowId: migrationWorkflowId(`${target}-${runId}`),
        taskQueue: hostTaskQueue('bench'),
        args: [{ target, runId, homeHost: 'bench', operator: 'bench', plan, without: [], searchAttributes: false }],
        // A run that parks would wait for a person; a benchmark has none.
        workflowExecutionTimeout: '15m',
      });
      if (status.state !== 'completed') throw new Error(`the measured run ended ${status.state}`);
      return performance.now() - began;
    },
    async stop() {
      await connection.close();
      worker.shutdown();
      await running;
      await nativeConnection.close();
      await server.stop();
    },
  };
}

function planOf(
  target: string,
  phase: string,
  directory: string,
  operations: Pick<Operation, 'kind' | 'input' | 'effects'>[],
) {
  const all = operations.map((operation, index) => ({
    id: `${phase}/apply/${String(index + 1).padStart(2, '0')}-${operation.kind}`,
    version: 1,
    phase,
    stage: 'apply' as const,
    host: 'bench',
    summary: operation.kind,
    undo: { by: 'nothing' as const, summary: 'nothing to take back' },
    timeoutSeconds: 1800,
    ...operation,
  })) as Operation[];
  // A phase of a name of its own: one that an earlier run has completed is not done again.
  return benchPlan(target, directory, [benchPhase(phase, all)]);
}

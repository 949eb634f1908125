import { execFileSync, spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { Connection, Client } from '@temporalio/client';
import { DockerEngine } from '../activities/docker/index.ts';
import { createActivities } from '../activities/index.ts';
import type { EffectHandler, EffectHandlers } from '../activities/effect.ts';
import { storeDrivers } from '../activities/stores/registry.ts';
import { TargetAccess } from '../activities/perform/target-access.ts';
import type { CompiledPlan } from '../runbook/compiled-plan.ts';
import { hostTaskQueue, migrationWorkflowId } from '../runbook/names.ts';
import { operationVersion, type Operation, type OperationKind } from '../runbook/operations.ts';
import { connect, createWorker } from '../worker/create-worker.ts';
import type { migration } from '../workflows/migration.ts';
import { benchPhase, benchPlan } from './bench-plan.ts';
import { devServer } from './dev-server.ts';
import { median, print } from './figures.ts';

/** Operations in the measured phase, and rounds; a round is ours and the script's, one after the other. */
const operations = 40;
const rounds = 5;

/** An effect that does nothing: what is left is the service itself. */
const nothing: EffectHandler<OperationKind> = {
  observe: () => Promise.resolve('absent'),
  prepare: () => Promise.resolve({ undo: { by: 'nothing', summary: 'nothing was done' }, facts: {} }),
  perform: () => Promise.resolve({ summary: 'nothing', facts: {}, effect: {} }),
};

/**
 * What the service costs on top of the work: a phase whose operations do nothing, against a shell script that starts the same
 * number of processes that do nothing; and how long a worker takes until it takes work.
 */
export async function overhead(): Promise<void> {
  const home = mkdtempSync(join(tmpdir(), 'switchback-bench-'));
  const server = await devServer(home);
  try {
    print('worker: start of the process until it takes work, ms', await workerStarts(server.address, home));

    const engine = new DockerEngine();
    const nativeConnection = await connect(server.address);
    const worker = await createWorker({
      connection: nativeConnection,
      namespace: 'default',
      host: 'bench',
      activities: createActivities({
        access: new TargetAccess({ SWITCHBACK_HOME: home }),
        handlers: Object.fromEntries(
          Object.keys(operationVersion).map((kind) => [kind, nothing]),
        ) as unknown as EffectHandlers,
        secrets: { environment: {}, allowed: [] },
        worker: 'bench',
        stacks: [home],
        guard: () => Promise.resolve(),
        world: { engine, stores: storeDrivers(engine) },
        check: () => Promise.resolve([]),
      }),
      workflows: {
        workflowBundle: { codePath: fileURLToPath(new URL('../worker/workflow-bundle.js', import.meta.url)) },
      },
    });
    const running = worker.run();
    const connection = await Connection.connect({ address: server.address });
    const client = new Client({ connection });
    const ours: number[] = [];
    const script: number[] = [];
    for (let round = 0; round < rounds; round += 1) {
      ours.push((await timed(() => runNothing(client, home, round))) / operations);
      script.push(
        (await timed(() =>
          Promise.resolve(execFileSync('sh', ['-c', `for i in $(seq ${operations}); do /bin/true; done`])),
        )) / operations,
      );
    }
    print('service: an operation whose work is nothing, ms each', ours);
    print('shell script: a process whose work is nothing, ms each', script);
    print('difference, ms each operation', [median(ours) - median(script)]);
    await connection.close();
    worker.shutdown();
    await running;
    await nativeConnection.close();
  } finally {
    await server.stop();
    rmSync(home, { recursive: true, force: true });
  }
}

async function runNothing(client: Client, directory: string, round: number): Promise<void> {
  const target = `bench-${round}`;
  const plan = nothingPlan(target, directory);
  const status = await client.workflow.execute<typeof migration>('migration', {
    workflowId: migrationWorkflowId(target),
    taskQueue: hostTaskQueue('bench'),
    args: [
      { target, runId: `r${round}`, homeHost: 'bench', operator: 'bench', plan, without: [], searchAttributes: false },
    ],
  });
  if (status.state !== 'completed') throw new Error(`the measured run ended ${status.state}`);
}

async function workerStarts(address: string, home: string): Promise<number[]> {
  const figures: number[] = [];
  for (let round = 0; round < rounds; round += 1) {
    const began = performance.now();
    const child = spawn(process.execPath, [fileURLToPath(new URL('../worker/main.js', import.meta.url))], {
      env: {
        ...process.env,
        TEMPORAL_ADDRESS: address,
        SWITCHBACK_HOME: home,
        SWITCHBACK_STACKS: home,
        SWITCHBACK_HOST: `bench-${round}`,
      },
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    for await (const line of createInterface({ input: child.stdout })) {
      if (line.startsWith('worker ready')) break;
    }
    figures.push(performance.now() - began);
    const ended = new Promise((resolve) => child.once('exit', resolve));
    child.kill('SIGKILL');
    await ended;
  }
  return figures;
}

async function timed(work: () => Promise<unknown>): Promise<number> {
  const began = performance.now();
  await work();
  return performance.now() - began;
}

function nothingPlan(target: string, directory: string): CompiledPlan {
  const all = Array.from({ length: operations }, (_none, index) => ({
    id: `only/apply/${String(index + 1).padStart(2, '0')}-runContainer`,
    kind: 'runContainer' as const,
    version: 1,
    phase: 'only',
    stage: 'apply' as const,
    host: 'bench',
    summary: `nothing, ${index + 1}`,
    input: { service: 'none', argv: ['true'], timeoutSeconds: 10 },
    effects: [],
    undo: { by: 'nothing' as const, summary: 'nothing was done' },
    timeoutSeconds: 60,
  })) satisfies Operation[];
  return benchPlan(target, directory, [benchPhase('only', all)]);
}

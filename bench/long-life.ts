import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { reconcile } from '../activities/control/reconcile.ts';
import { DockerEngine } from '../activities/docker/index.ts';
import { TargetAccess } from '../activities/perform/target-access.ts';
import { storeDrivers } from '../activities/stores/registry.ts';
import type { JournalEntry } from '../runbook/journal.ts';
import type { Operation } from '../runbook/operations.ts';
import { benchPlan } from './bench-plan.ts';
import { median, print } from './figures.ts';

const rounds = 5;
const runs = 200;
const operationsPerRun = 50;

/**
 * A target with a long life, 200 runs and 10,000 operations in its journal, against one with a single run: what `status` takes as a whole
 * process, and what `reconcile` takes.
 */
export async function longLife(): Promise<void> {
  const home = mkdtempSync(join(tmpdir(), 'switchback-bench-'));
  try {
    const access = new TargetAccess({ SWITCHBACK_HOME: home });
    await live(access, home, 'bench-old', runs);
    await live(access, home, 'bench-young', 1);
    const [old, young] = [await statuses(home, 'bench-old'), await statuses(home, 'bench-young')];
    print('status after 200 runs of 50 operations, the whole process, ms', old);
    print('status after a single run, ms', young);
    print('ratio', [median(old) / median(young)]);
    print('reconcile after 200 runs of 50 operations, ms', await reconciles(home, 'bench-old'));
    print('reconcile after a single run, ms', await reconciles(home, 'bench-young'));
  } finally {
    rmSync(home, { recursive: true, force: true });
  }
}

async function live(access: TargetAccess, home: string, target: string, count: number): Promise<void> {
  const { journal, content } = await access.open(target);
  const plan = benchPlan(target, home);
  for (let number = 1; number <= count; number += 1) {
    const run = `r${number}`;
    const manifest = await content.keep(Buffer.from(JSON.stringify({ format: 1, runId: run, plan, files: {} })));
    const holder = { workflowId: target, workflowRunId: run };
    const entries: JournalEntry[] = [
      { type: 'lease-taken', holder },
      { type: 'run-sealed', plan: plan.name, planDigest: plan.digest, manifest, phases: ['one'], operator: 'bench' },
      { type: 'run-state', state: 'running' },
      { type: 'phase-state', phase: 'one', ordinal: 1, title: 'One', state: 'running' },
      ...Array.from({ length: operationsPerRun }, (_none, index) => done(index)).flat(),
      { type: 'phase-state', phase: 'one', ordinal: 1, title: 'One', state: 'rolled-back' },
      { type: 'run-state', state: 'rolled-back' },
      { type: 'lease-released', holder },
    ];
    await journal.append({ run, epoch: number, entries });
  }
}

function done(index: number): JournalEntry[] {
  const undo = { by: 'nothing' as const, summary: 'nothing to take back' };
  const operation: Operation<'runContainer'> = {
    id: `one/apply/${String(index + 1).padStart(2, '0')}-runContainer`,
    kind: 'runContainer',
    version: 1,
    phase: 'one',
    stage: 'apply',
    host: 'bench',
    summary: 'a command of a service, with a summary of the usual length',
    input: { service: 'api', argv: ['true'], timeoutSeconds: 60 },
    effects: [],
    undo,
    timeoutSeconds: 60,
  };
  const at = new Date().toISOString();
  const receipt = {
    operation: operation.id,
    kind: 'runContainer@1',
    outcome: 'done' as const,
    summary: 'ended with 0 after 0.1 s',
    effectDigest: '0'.repeat(64),
    undo,
    facts: { exitCode: 0, image: 'sha256:0123456789abcdef', tookMs: 100 },
    startedAt: at,
    finishedAt: at,
  };
  return [
    { type: 'intent', operation, attempt: 1, undo, facts: {} },
    { type: 'receipt', operation: operation.id, attempt: 1, receipt },
  ];
}

/** Nothing listens at the address, so that what is measured is the journal alone. */
async function statuses(home: string, target: string): Promise<number[]> {
  const cli = fileURLToPath(new URL('../client/main.js', import.meta.url));
  const words = [cli, 'status', '--target', target, '--home', home, '--address', '127.0.0.1:1'];
  const figures: number[] = [];
  for (let round = 0; round < rounds; round += 1) {
    const began = performance.now();
    await promisify(execFile)(process.execPath, words);
    figures.push(performance.now() - began);
  }
  return figures;
}

async function reconciles(home: string, target: string): Promise<number[]> {
  const engine = new DockerEngine();
  const surroundings = { signal: new AbortController().signal, progress: () => undefined, log: () => undefined };
  const figures: number[] = [];
  for (let round = 0; round < rounds; round += 1) {
    const dependencies = {
      access: new TargetAccess({ SWITCHBACK_HOME: home }),
      stacks: [home],
      guard: () => Promise.resolve(),
      secrets: { environment: {}, allowed: [] },
      check: () => Promise.resolve([]),
      world: { engine, stores: storeDrivers(engine) },
      inActivity: <T>(work: (given: typeof surroundings) => Promise<T>) => work(surroundings),
    };
    const began = performance.now();
    await reconcile({ target, atWork: false, tidy: true }, dependencies, surroundings);
    figures.push(performance.now() - began);
  }
  return figures;
}

#!/usr/bin/env node
import { readFileSync } from 'node:fs';
import { DefaultLogger, makeTelemetryFilterString, Runtime } from '@temporalio/worker';
import { maskedForAll } from '../activities/masking/index.ts';
import { keepReceivers } from '../activities/wal/index.ts';
import { switchbackHome } from '../journal/target-home.ts';
import { createActivities } from '../activities/index.ts';
import { SwitchbackError } from '../runbook/errors.ts';
import { hostTaskQueue } from '../runbook/names.ts';
import { connect, createWorker } from './create-worker.ts';
import { activityDependencies } from './dependencies.ts';
import { workerSettings } from './settings.ts';

/**
 * A worker process: serves one host's queue until it is told to stop. It prints `worker ready` when it takes work, and exits
 * non-zero when it cannot go on: whoever supervises it starts another one, since a worker that has failed cannot run again.
 */
async function main(): Promise<void> {
  Runtime.install({
    logger: new DefaultLogger('WARN', ({ level, timestampNanos, message, meta }) => {
      const at = new Date(Number(timestampNanos / 1_000_000n)).toISOString();
      process.stderr.write(
        maskedForAll(`${at} ${level} ${message}${meta?.['error'] === undefined ? '' : ` ${String(meta['error'])}`}\n`),
      );
    }),
    telemetryOptions: { logging: { forward: {}, filter: makeTelemetryFilterString({ core: 'WARN', other: 'ERROR' }) } },
  });
  const settings = workerSettings();
  const connection = await connect(settings.address);
  const dependencies = activityDependencies(settings);
  const worker = await createWorker({
    connection,
    namespace: settings.namespace,
    host: settings.host,
    activities: createActivities(dependencies),
    workflows: { workflowBundle: { code: readFileSync(new URL('workflow-bundle.js', import.meta.url), 'utf8') } },
  });
  const running = worker.run();
  process.stdout.write(
    `worker ready: ${hostTaskQueue(settings.host)} at ${settings.address}, stacks ${settings.stacks.join(', ')}\n`,
  );
  const stopped = new AbortController();
  const keeping = keepReceivers(dependencies.world.engine, {
    home: switchbackHome(settings.environment),
    signal: stopped.signal,
    log: (message) => process.stderr.write(maskedForAll(`${new Date().toISOString()} INFO ${message}\n`)),
  });
  try {
    await running;
  } finally {
    stopped.abort();
    await keeping;
  }
  await connection.close();
}

main().catch((error: unknown) => {
  const hint = error instanceof SwitchbackError && error.hint !== undefined ? `\n${error.hint}` : '';
  process.stderr.write(
    maskedForAll(`switchback worker: ${error instanceof Error ? error.message : String(error)}${hint}\n`),
  );
  process.exitCode = 1;
});

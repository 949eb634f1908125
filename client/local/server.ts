import { join } from 'node:path';
import { msToTs } from '@temporalio/common/lib/time.js';
import { searchAttributeNames } from '../../runbook/names.ts';
import { defaults, type Settings } from '../settings/settings.ts';
import { connect, type TemporalConnection } from '../temporal/connection.ts';
import { missingSearchAttributes, registerSearchAttributes } from '../temporal/search-attributes.ts';
import { millisecondsOf } from '../temporal/timestamp.ts';
import { freePort } from './free-port.ts';
import { startProcess, untilReady, type Launched } from './start-process.ts';
import { requireTemporal } from './temporal-binary.ts';

const loopback = '127.0.0.1';
const portOf = (address: string) => Number(/:(\d+)(?:\/|$)/.exec(address)?.[1]) || undefined;

export interface ServerOptions {
  home: string;
  namespace: string;
  env: NodeJS.ProcessEnv;
  /** Ports that were asked for; otherwise those of last time, the usual ones, or free ones. */
  port?: number;
  uiPort?: number;
  /** What `up` used last time: links into the UI keep working when it gets the same ports again. */
  last?: { address: string; ui: string };
}

export interface RunningServer {
  process: Launched;
  address: string;
  ui: string;
}

/**
 * Starts the development server with the file in which it keeps its state.
 * @throws SwitchbackError `PreconditionFailed` without the Temporal CLI
 */
export async function startServer({ home, namespace, env, port, uiPort, last }: ServerOptions): Promise<RunningServer> {
  const file = await requireTemporal(env);
  const wantedPort = await freePort(port, last && portOf(last.address), portOf(defaults.address));
  const wantedUi = await freePort(uiPort, last && portOf(last.ui), portOf(defaults.ui));
  const process = await startProcess({
    name: 'the Temporal server',
    file,
    args: [
      ...['server', 'start-dev', '--db-filename', join(home, 'temporal.db'), '--namespace', namespace],
      ...['--ip', loopback, '--port', String(wantedPort), '--ui-port', String(wantedUi)],
      // Hands the next activity over with the workflow task: halves the time between two operations.
      ...['--dynamic-config-value', 'system.enableActivityEagerExecution=true'],
      ...Object.values(searchAttributeNames).flatMap((name) => ['--search-attribute', `${name}=Keyword`]),
    ],
    env,
    log: join(home, 'logs', 'temporal.log'),
  });
  return { process, address: `${loopback}:${wantedPort}`, ui: `http://${loopback}:${wantedUi}` };
}

/** Whether the server answers and knows the namespace. */
export async function answers(settings: Settings): Promise<boolean> {
  let temporal: TemporalConnection | undefined;
  try {
    temporal = await connect({ ...settings, timeoutMs: 2_000 });
    const { workflowService } = temporal.connection;
    await temporal.within(2_000, () => workflowService.describeNamespace({ namespace: settings.namespace }));
    return true;
  } catch {
    // Not yet, or not any more: that is the answer.
    return false;
  } finally {
    await temporal?.close();
  }
}

export const untilServerReady = (server: RunningServer, settings: Settings, signal: AbortSignal) =>
  untilReady('the Temporal server', server.process, () => answers(settings), { withinMs: 60_000, signal });

/** A day, the server's own choice, is too short: a rollback may be asked for a week later, and its history be looked at. */
const retentionSeconds = 30 * 24 * 3600;

/** Brings a server to what we want of it. `ours`: started by `up`, so that its settings may be changed. */
export async function prepareServer(temporal: TemporalConnection, ours: boolean): Promise<{ registered: string[] }> {
  // The server registers its --search-attribute options only when it makes its file, not for one that is there already.
  const missing = await missingSearchAttributes(temporal);
  if (missing.length > 0) await registerSearchAttributes(temporal, missing);
  if (ours) {
    const { settings, connection } = temporal;
    await temporal.within(settings.timeoutMs, async () => {
      const { config } = await connection.workflowService.describeNamespace({ namespace: settings.namespace });
      if ((millisecondsOf(config?.workflowExecutionRetentionTtl) ?? 0) >= retentionSeconds * 1000) return;
      await connection.workflowService.updateNamespace({
        namespace: settings.namespace,
        config: { workflowExecutionRetentionTtl: msToTs(retentionSeconds * 1000) },
      });
    });
  }
  return { registered: missing };
}

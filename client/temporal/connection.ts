import { connect as connectTo } from 'node:net';
import type * as TemporalClient from '@temporalio/client';
import type { Client, Connection } from '@temporalio/client';
import type { Settings } from '../settings/settings.ts';
import { asSwitchbackError } from './server-failure.ts';

/** How long the first contact may take: a server on this machine answers in milliseconds, one that is away never does. */
const connectMs = 5_000;

/** A connected Temporal client, every exchange of which has a deadline. */
export interface TemporalConnection {
  settings: Settings;
  client: Client;
  connection: Connection;
  /**
   * Runs requests under one deadline and words their errors.
   * @throws SwitchbackError `Unreachable`, `AccessDenied`, `Busy`; everything else as it was thrown.
   */
  within<T>(milliseconds: number, requests: () => Promise<T>): Promise<T>;
  close(): Promise<void>;
}

/**
 * Connects to the server that the settings name.
 * @throws SwitchbackError `Unreachable` when it does not answer within 5 s.
 */
export async function connect(settings: Settings): Promise<TemporalConnection> {
  const words = { address: settings.address, namespace: settings.namespace };
  let connection: Connection;
  let library: typeof TemporalClient;
  try {
    await refusedAtOnce(settings.address);
    // Takes longer to load than all else that a verb needs: whoever finds no server does not wait for it.
    library = await import('@temporalio/client');
    connection = await library.Connection.connect({
      address: settings.address,
      connectTimeout: Math.min(connectMs, settings.timeoutMs),
    });
  } catch (error) {
    throw asSwitchbackError(error, words, 'connect');
  }
  const client = new library.Client({
    connection,
    namespace: settings.namespace,
    workflow: { queryRejectCondition: 'NONE' },
  });
  return {
    settings,
    client,
    connection,
    async within(milliseconds, requests) {
      try {
        return await connection.withDeadline(Date.now() + milliseconds, requests);
      } catch (error) {
        throw asSwitchbackError(error, words);
      }
    },
    close: () => connection.close(),
  };
}

/** Connects, uses, and closes again, however the use ends. */
export async function connected<T>(settings: Settings, use: (temporal: TemporalConnection) => Promise<T>): Promise<T> {
  const temporal = await connect(settings);
  try {
    return await use(temporal);
  } finally {
    await temporal.close();
  }
}

/** A port that nobody listens on is known in a millisecond; the gRPC library would try again until its deadline. */
function refusedAtOnce(address: string): Promise<void> {
  const [, host, port] = /^\[?(.+?)\]?:(\d+)$/.exec(address) ?? [];
  if (host === undefined) return Promise.resolve();
  return new Promise((resolve, reject) => {
    const socket = connectTo({ host, port: Number(port), timeout: 1_000 });
    const end = (error?: NodeJS.ErrnoException) => {
      socket.destroy();
      // Whatever else is the matter (a proxy, a slow name server) is for the library to find out.
      if (error?.code === 'ECONNREFUSED') reject(error);
      else resolve();
    };
    socket.once('connect', () => end());
    socket.once('timeout', () => end());
    socket.once('error', end);
  });
}

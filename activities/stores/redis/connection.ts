import { createClient, RESP_TYPES } from '@redis/client';
import { onAbort } from '../../on-abort.ts';
import type { StoreUse } from '../store.ts';
import type { Address } from './address.ts';
import { redisError } from './translate-error.ts';

export type Reply = Buffer | string | number | null | Reply[];
type Argument = string | number | Buffer;

const fixed = { connectTimeout: 10_000, reconnectStrategy: false } as const;

function newClient({ at, tls, user, password, database }: Address) {
  const plain = 'path' in at ? { ...at, ...fixed, tls: false as const } : { ...at, ...fixed };
  return createClient({
    RESP: 2,
    socket: tls && 'host' in at ? { ...at, ...fixed, tls: true } : plain,
    ...(user === undefined ? {} : { username: user }),
    ...(password === undefined ? {} : { password }),
    database,
    disableClientInfo: true,
    commandOptions: { typeMapping: { [RESP_TYPES.BLOB_STRING]: Buffer } },
  });
}

/** One connection to one database. Commands that are sent without waiting go as a pipeline. An abort ends it. */
export class Connection {
  readonly #client: ReturnType<typeof newClient>;
  readonly #what: string;
  readonly #leave: () => void;

  private constructor(client: ReturnType<typeof newClient>, use: Pick<StoreUse, 'store' | 'signal'>) {
    this.#client = client;
    this.#what = `store ${use.store}`;
    this.#leave = onAbort(use.signal, () => this.#destroy());
  }

  /** @throws `Unreachable`, `AccessDenied`, `PreconditionFailed` (no such database) */
  static async open(address: Address, use: Pick<StoreUse, 'store' | 'signal'>): Promise<Connection> {
    use.signal.throwIfAborted();
    const client = newClient(address);
    // Whoever waits for a command hears of it.
    client.on('error', () => undefined);
    const connection = new Connection(client, use);
    try {
      await client.connect();
      return connection;
    } catch (error) {
      connection.close();
      use.signal.throwIfAborted();
      throw redisError(connection.#what, error);
    }
  }

  async call(...args: Argument[]): Promise<Reply> {
    try {
      return await this.#client.sendCommand<Reply>(
        args.map((each) => (typeof each === 'number' ? String(each) : each)),
      );
    } catch (error) {
      throw redisError(this.#what, error);
    }
  }

  async text(...args: Argument[]): Promise<string> {
    return String(await this.call(...args));
  }

  async list(...args: Argument[]): Promise<Reply[]> {
    const reply = await this.call(...args);
    return Array.isArray(reply) ? reply : [];
  }

  close(): void {
    this.#leave();
    this.#destroy();
  }

  #destroy(): void {
    if (this.#client.isOpen) this.#client.destroy();
  }
}

/** Opens a connection, uses it and closes it. */
export async function withConnection<T>(
  address: Address,
  use: Pick<StoreUse, 'store' | 'signal'>,
  work: (connection: Connection) => Promise<T>,
): Promise<T> {
  const connection = await Connection.open(address, use);
  try {
    return await work(connection);
  } finally {
    connection.close();
  }
}

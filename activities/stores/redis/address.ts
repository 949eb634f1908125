import { SwitchbackError } from '../../../runbook/errors.ts';
import type { DockerEngine } from '../../docker/index.ts';
import { learnSecrets } from '../../masking/index.ts';
import { findService } from '../find-service.ts';
import { refOf, type StoreUse } from '../store.ts';

const port = 6379;

/** Where a server is and who may enter. Never log it. */
export interface Address {
  /** Host and port, or the path of a Unix socket. */
  at: { host: string; port: number } | { path: string };
  tls: boolean;
  user?: string;
  password?: string;
  /** Number of the database. */
  database: number;
  /** Id of the container that serves it, where the plan names its service. */
  container?: string;
}

/**
 * Finds out where a store is: by its URL, or by the container of the Compose service that serves it.
 * @throws `PlanInvalid`, `PreconditionFailed` (no such service runs), `Unreachable`
 */
export async function findServer(use: StoreUse, engine: DockerEngine): Promise<Address> {
  const { service, url, database = 0, user, password } = refOf(use, 'redis');
  const said = url === undefined ? undefined : parseAddress(use.store, await use.secret(url));
  if (service === undefined) {
    if (said !== undefined) return said;
    throw new SwitchbackError('PlanInvalid', `store ${use.store} has neither a url nor a service`);
  }
  const { container, place } = await findService(use, service, port, engine);
  const at = { at: place, container: container.Id };
  // The clone of a service that the original is reached at by this URL: the same user, another place.
  if (said !== undefined) return { ...said, ...at };
  return {
    ...at,
    tls: false,
    database,
    ...(user === undefined ? {} : { user }),
    ...(password === undefined ? {} : { password: await use.secret(password) }),
  };
}

/** Reads a URL whose secrets have been filled in. The URL itself never gets into a message. @throws `PlanInvalid` */
export function parseAddress(store: string, url: string): Address {
  const wrong = (why: string) =>
    new SwitchbackError('PlanInvalid', `the URL of store ${store} ${why}`, {
      hint: 'Write it as redis://USER:PASSWORD@HOST:PORT/NUMBER, with the password or the whole URL as a secret reference.',
    });
  if (!/^rediss?:\/\//.test(url)) throw wrong('does not begin with redis:// or rediss://');
  let parsed: URL;
  try {
    parsed = new URL(url);
  } catch {
    // Without the cause: it carries the URL, and the URL carries the password.
    throw wrong('cannot be read');
  }
  const number = parsed.pathname.replace(/^\//, '') || '0';
  if (!/^\d{1,5}$/.test(number)) throw wrong('has no number of a database as its path');
  const [user, password] = [decodeURIComponent(parsed.username), decodeURIComponent(parsed.password)];
  if (password !== '') learnSecrets(password);
  return {
    at: { host: parsed.hostname.replace(/^\[(.*)\]$/, '$1') || 'localhost', port: Number(parsed.port || port) },
    tls: parsed.protocol === 'rediss:',
    database: Number(number),
    ...(user === '' ? {} : { user }),
    ...(password === '' ? {} : { password }),
  };
}

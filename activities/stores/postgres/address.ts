import { SwitchbackError } from '../../../runbook/errors.ts';

export type SslMode = 'disable' | 'require' | 'verify-ca' | 'verify-full';

/** Where a database is and who may enter: everything a connection or a client tool needs. Never log it. */
export interface Address {
  /** Host name, IP, or the folder of a Unix socket. */
  host: string;
  port: number;
  user: string;
  password?: string;
  database: string;
  ssl: SslMode;
  /** A file with the certificates to trust, for the verifying modes. */
  rootCertificate?: string;
  /** Where the server runs in a container: what a helper container needs to reach it too. */
  container?: ServerContainer;
}

export interface ServerContainer {
  id: string;
  /** Image id, so that client tools of the server's own version are at hand. */
  image: string;
}

/**
 * Reads a `postgres://` URL, whose secrets have been filled in. The URL itself never gets into a message.
 * @throws `PlanInvalid`
 */
export function parseAddress(store: string, url: string): Address {
  const wrong = (why: string) =>
    new SwitchbackError('PlanInvalid', `the URL of store ${store} ${why}`, {
      hint: 'Write it as postgres://USER@HOST:PORT/DATABASE, with the password or the whole URL as a secret reference.',
    });
  if (!/^postgres(ql)?:\/\//.test(url)) throw wrong('does not begin with postgres://');
  let parsed: URL;
  try {
    // libpq lets the host out, and has it among the parameters; URL does not.
    parsed = new URL(url.replace(/^(\w+:\/\/(?:[^/?#@]*@)?)(?=[/?#]|$)/, '$1localhost'));
  } catch {
    // Without the cause: it carries the URL, and the URL carries the password.
    throw wrong('cannot be read');
  }
  const { searchParams: query } = parsed;
  const host = query.get('host') ?? decodeURIComponent(parsed.hostname);
  const user = decodeURIComponent(parsed.username) || query.get('user') || 'postgres';
  const password = decodeURIComponent(parsed.password) || query.get('password') || undefined;
  const port = Number(parsed.port || query.get('port') || 5432);
  if (!Number.isInteger(port) || port < 1 || port > 65535) throw wrong('has no usable port');
  const rootCertificate = query.get('sslrootcert') ?? undefined;
  return {
    host: host.replace(/^\[(.*)\]$/, '$1') || 'localhost',
    port,
    user,
    database: decodeURIComponent(parsed.pathname.slice(1)) || user,
    ssl: sslMode(query.get('sslmode'), wrong),
    ...(password === undefined ? {} : { password }),
    ...(rootCertificate === undefined ? {} : { rootCertificate }),
  };
}

function sslMode(mode: string | null, wrong: (why: string) => Error): SslMode {
  switch (mode) {
    case null:
    case 'disable':
    case 'allow':
    case 'prefer':
      // `prefer` protects nobody: whoever can listen can also say that there is no TLS here.
      return 'disable';
    case 'require':
    case 'verify-ca':
    case 'verify-full':
      return mode;
    default:
      throw wrong(`has the unknown sslmode ${mode}`);
  }
}

/** The same server, another database of it. */
export const inDatabase = (address: Address, database: string): Address => ({ ...address, database });

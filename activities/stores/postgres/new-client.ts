import { readFile } from 'node:fs/promises';
import pg from 'pg';
import type { Address } from './address.ts';

/** A client of the driver for an address, not yet connected, that takes nothing from the worker's own environment. */
export async function newClient(address: Address, applicationName: string): Promise<pg.Client> {
  const ca = address.rootCertificate === undefined ? undefined : await readFile(address.rootCertificate, 'utf8');
  const ssl = {
    rejectUnauthorized: address.ssl !== 'require',
    ...(ca === undefined ? {} : { ca }),
    // `verify-ca` trusts the signature whatever the name on it.
    ...(address.ssl === 'verify-full' ? {} : { checkServerIdentity: () => undefined }),
  };
  const client = new pg.Client({
    host: address.host,
    port: address.port,
    user: address.user,
    // A function keeps the driver from looking into the worker's own PGPASSWORD and ~/.pgpass.
    password: async () => address.password ?? '',
    database: address.database,
    application_name: applicationName,
    connectionTimeoutMillis: 10_000,
    keepAlive: true,
    ssl: address.ssl === 'disable' ? false : ssl,
  });
  // Without a listener a lost connection would end the process. The statement in flight is rejected all the same.
  client.on('error', () => undefined);
  return client;
}

import { readFile } from 'node:fs/promises';
import { SwitchbackError } from '../../../runbook/errors.ts';
import type { StoreRef } from '../../../runbook/stores/index.ts';
import type { DockerEngine } from '../../docker/index.ts';
import { learnSecrets } from '../../masking/index.ts';
import { findService, type FoundContainer } from '../find-service.ts';
import { refOf, type StoreUse } from '../store.ts';
import { parseAddress, type Address } from './address.ts';

const port = 5432;

/**
 * Finds out where a store's database is: by its URL, or by the Compose labels of the container that serves it. Such a container
 * is reached by its own address where the worker's host routes to it (Linux), else through a port that it publishes.
 * @throws `PlanInvalid`, `PreconditionFailed` (no such service runs), `Unreachable`
 */
export async function findServer(use: StoreUse, engine: DockerEngine): Promise<Address> {
  const ref = refOf(use, 'postgres');
  if (ref.service === undefined) {
    if (ref.url !== undefined) return parseAddress(use.store, await use.secret(ref.url));
    throw new SwitchbackError('PlanInvalid', `store ${use.store} has neither a url nor a service`);
  }
  const { container, place } = await findService(use, ref.service, port, engine);
  const server = { id: container.Id, image: container.ImageID };
  if (ref.url !== undefined) {
    // The clone of a service that the original is reached at by this URL: the same user, another place.
    return { ...parseAddress(use.store, await use.secret(ref.url)), ...place, container: server };
  }
  const password =
    ref.password === undefined ? await passwordInContainer(use, container, engine) : await use.secret(ref.password);
  return { ...place, ...namesIn(ref), ...(password === undefined ? {} : { password }), container: server };
}

function namesIn(ref: StoreRef<'postgres'>): Pick<Address, 'user' | 'database' | 'ssl'> {
  const user = ref.user ?? 'postgres';
  return { user, database: ref.database ?? user, ssl: 'disable' };
}

/** As images of PostgreSQL take it. Where the plan names no password, the container knows its own. */
async function passwordInContainer(
  use: StoreUse,
  { Id }: FoundContainer,
  engine: DockerEngine,
): Promise<string | undefined> {
  const info = await engine.inspectContainer(Id, { signal: use.signal });
  const variables = new Map(
    (info?.Config.Env ?? []).map((line) => [line.split('=', 1)[0], line.replace(/^[^=]*=/, '')]),
  );
  for (const name of ['POSTGRES_PASSWORD', 'POSTGRESQL_PASSWORD', 'PGPASSWORD']) {
    const said = variables.get(name);
    if (said) {
      learnSecrets(said);
      return said;
    }
    const file = variables.get(`${name}_FILE`);
    // A secret of Compose is a file of the host, mounted there; from another host's it has to stand in the plan.
    const mount = info?.Mounts.find(({ Destination }) => Destination === file);
    if (mount !== undefined) return readSecretFile(mount.Source);
  }
  return undefined;
}

async function readSecretFile(path: string): Promise<string | undefined> {
  try {
    const password = (await readFile(path, 'utf8')).replace(/\r?\n$/, '');
    learnSecrets(password);
    return password;
  } catch (error) {
    if (['ENOENT', 'EACCES', 'EISDIR'].includes((error as NodeJS.ErrnoException).code ?? '')) return undefined;
    throw error;
  }
}

import { storeKindOf, type StoreRef } from '../../runbook/stores/index.ts';
import { SwitchbackError } from '../../runbook/errors.ts';
import { composeLabel } from '../compose/index.ts';
import type { DockerEngine } from '../docker/index.ts';

export interface StoresOf {
  engine: DockerEngine;
  project: string;
  stores: Record<string, StoreRef>;
  secret(template: string): Promise<string>;
  signal: AbortSignal;
}

/**
 * The service of the stack in which each store is: as the plan says, or the one whose published port or own address its URL names.
 * @returns the service by store, and the stores that are elsewhere
 */
export async function servicesOfStores(
  looking: StoresOf,
): Promise<{ services: Record<string, string>; elsewhere: string[] }> {
  const services: Record<string, string> = {};
  const elsewhere: string[] = [];
  for (const [name, ref] of Object.entries(looking.stores)) {
    const service =
      ref.service ?? (ref.url === undefined ? undefined : await serviceAt(looking, ref.url, storeKindOf(ref).port));
    if (service === undefined) elsewhere.push(name);
    else services[name] = service;
  }
  return { services, elsewhere };
}

const here = new Set(['127.0.0.1', 'localhost', '[::1]', '0.0.0.0']);

async function serviceAt(looking: StoresOf, url: string, usual: number | undefined): Promise<string | undefined> {
  const { host, port } = placeOf(await looking.secret(url), usual);
  const containers = await looking.engine.listByLabel(
    { [composeLabel.project]: looking.project },
    { signal: looking.signal },
  );
  const found = containers.find(({ Ports, NetworkSettings }) => {
    const published = Ports.some((entry) => entry.PublicPort === port && (here.has(host) || entry.IP === host));
    const addresses = Object.values(NetworkSettings?.Networks ?? {}).map((network) => network.IPAddress);
    return published || (addresses.includes(host) && Ports.some((entry) => entry.PrivatePort === port));
  });
  return found?.Labels[composeLabel.service];
}

/** Of a URL that may have a password in it, which must not get into a message. */
function placeOf(url: string, usual: number | undefined): { host: string; port: number } {
  try {
    const { hostname, port } = new URL(url);
    return { host: hostname, port: Number(port || usual) };
  } catch {
    throw new SwitchbackError('PlanInvalid', 'the URL of a store cannot be read');
  }
}

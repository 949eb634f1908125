import { posix } from 'node:path';
import { SwitchbackError } from '../../../../runbook/errors.ts';
import type { DockerEngine } from '../../../docker/index.ts';
import type { DataPlace } from '../../physical-backups.ts';
import type { StoreUse } from '../../store.ts';
import { composeLabel } from '../../../compose/index.ts';

/**
 * The volume that a server keeps its data in, found by the container of its service, which may be down.
 * @param dataDirectory path in the container
 * @throws `Unsupported` for a server that is no container of the stack, or whose data is in no volume; `PreconditionFailed`
 */
export async function dataPlace(use: StoreUse, engine: DockerEngine, dataDirectory: string): Promise<DataPlace> {
  const service = requireService(use);
  const labels = { [composeLabel.project]: use.project, [composeLabel.service]: service };
  const found = (await engine.listByLabel(labels, { signal: use.signal }))
    .filter((container) => container.Labels[composeLabel.oneOff] !== 'True')
    .sort((a, b) => Number(b.State === 'running') - Number(a.State === 'running'))[0];
  if (found === undefined) {
    throw new SwitchbackError('PreconditionFailed', `service ${service} of project ${use.project} has no container`, {
      hint: `Make one, so that its volume is known: \`docker compose -p ${use.project} create ${service}\`.`,
      facts: { store: use.store },
    });
  }
  const mount = found.Mounts.filter(({ Destination }) => isBelow(dataDirectory, Destination)).sort(
    (a, b) => b.Destination.length - a.Destination.length,
  )[0];
  if (mount?.Type !== 'volume' || mount.Name === undefined) {
    const where = mount === undefined ? 'in the container itself' : `in ${mount.Source} of the host`;
    throw new SwitchbackError('Unsupported', `the data of store ${use.store} is ${where}, in no Docker volume`, {
      hint: 'Keep it in a named volume, or take logical backups of it.',
      facts: { store: use.store, dataDirectory },
    });
  }
  return { volume: mount.Name, path: posix.relative(mount.Destination, dataDirectory), image: found.ImageID };
}

const isBelow = (path: string, folder: string) => !posix.relative(folder, path).startsWith('..');

/** @throws `Unsupported`: only a container of the stack has an image with the server's programs, and a volume to exchange */
export function requireService({ store, ref }: StoreUse): string {
  if (ref.service !== undefined) return ref.service;
  throw new SwitchbackError('Unsupported', `store ${store} is reached by URL: there is no volume of it to exchange`, {
    hint: 'Name its `service` where it runs in the stack; elsewhere take logical backups, or use the tools of whoever runs it.',
    facts: { store },
  });
}

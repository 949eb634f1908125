import { SwitchbackError } from '../../runbook/errors.ts';
import { labels } from '../../runbook/names.ts';
import { composeLabel } from '../compose/index.ts';
import type { DockerEngine } from '../docker/index.ts';

/**
 * Where in a clone an address leads that the original publishes on its host: a clone publishes nothing, so its containers are asked
 * at their own addresses. @throws SwitchbackError `Unreachable` when no container of the clone would publish that port
 */
export async function reachInClone(
  engine: DockerEngine,
  project: string,
  address: string,
  signal: AbortSignal,
): Promise<string> {
  const url = new URL(address);
  const port = url.port || (url.protocol === 'https:' ? '443' : '80');
  const containers = await engine.listByLabel({ [composeLabel.project]: project }, { signal });
  for (const { Labels, NetworkSettings, State } of containers) {
    const target = (Labels[labels.published] ?? '').split(',').find((pair) => pair.startsWith(`${port}:`));
    const ip = Object.values(NetworkSettings?.Networks ?? {})[0]?.IPAddress;
    if (target === undefined || !ip || State !== 'running') continue;
    url.hostname = ip;
    url.port = target.slice(port.length + 1);
    return url.href;
  }
  throw new SwitchbackError('Unreachable', `no container of the clone serves port ${port}`, {
    hint: 'In the stack itself a service publishes it; look whether that runs in the clone.',
  });
}

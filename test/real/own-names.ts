import { createHash } from 'node:crypto';
import { fileURLToPath } from 'node:url';

import type { DockerEngine, Labels } from '../../activities/docker/index.ts';
import { labels } from '../../runbook/names.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));

/** Suites of two checkouts run side by side on one engine: everything a test makes carries this. */
export const checkoutId = createHash('sha256').update(root).digest('hex').slice(0, 8);

const pidLabel = 'io.switchback.test-pid';

/** Labels for whatever a test makes, so that a later run can sweep what a killed one left. */
export const ownLabels: Labels = { [labels.checkout]: checkoutId, [pidLabel]: String(process.pid) };

let count = 0;
/** A name that no other process and no other test of this one has, e.g. `sbt-volume-1a2b3c4d-123-1`. */
export function ownName(what: string): string {
  return `sbt-${what}-${checkoutId}-${process.pid}-${(count += 1)}`;
}

/** Removes containers, volumes and networks that killed test processes of this checkout left. Call it before a suite. */
export async function sweepDead(engine: DockerEngine): Promise<void> {
  await sweep(engine, (pid) => !isAlive(pid));
}

/** Removes all that this test process made. Call it after a suite. */
export async function sweepOwn(engine: DockerEngine): Promise<void> {
  await sweep(engine, (pid) => pid === process.pid);
}

async function sweep(engine: DockerEngine, whose: (pid: number) => boolean): Promise<void> {
  const mine = (found: Labels | undefined | null) =>
    found?.[labels.checkout] === checkoutId && whose(Number(found[pidLabel]));
  const filters = JSON.stringify({ label: [`${labels.checkout}=${checkoutId}`] });
  const anyway = { deadlineMs: 60_000 };
  for (const container of await engine.listByLabel({ [labels.checkout]: checkoutId }, anyway)) {
    if (mine(container.Labels)) await engine.removeContainer(container.Id, { [labels.checkout]: checkoutId }, anyway);
  }
  const { Volumes } = await engine.call('list volumes', anyway, (docker) => docker.listVolumes({ filters }));
  for (const volume of Volumes ?? []) {
    if (!mine(volume.Labels)) continue;
    // A helper that an operation of a killed test process left: it carries the operation's labels, and holds the volume.
    for (const user of await engine.listByVolume(volume.Name, anyway))
      if (user.Labels[labels.role] === 'helper')
        await engine.removeContainer(user.Id, { [labels.role]: 'helper' }, anyway);
    await engine.find(`remove ${volume.Name}`, anyway, (docker) => docker.getVolume(volume.Name).remove());
  }
  for (const network of await engine.call('list networks', anyway, (docker) => docker.listNetworks({ filters }))) {
    if (!mine(network.Labels)) continue;
    await engine.find(`remove ${network.Name}`, anyway, (docker) => docker.getNetwork(network.Id).remove());
  }
}

function isAlive(pid: number): boolean {
  if (!Number.isInteger(pid) || pid <= 0) return false;
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

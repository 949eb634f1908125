import { isAbsolute, relative } from 'node:path';

import { labels } from '../../runbook/names.ts';
import type { CallOptions, DockerEngine } from '../docker/index.ts';
import { asUser, type VolumeUser } from './volume-users.ts';

/** Containers that mount a file of the host, or a folder that it is in; our own helpers left out. @param file absolute */
export async function pathUsers(engine: DockerEngine, file: string, options: CallOptions = {}): Promise<VolumeUser[]> {
  const users = (await engine.listAll(options)).flatMap((container): VolumeUser[] => {
    const mount = container.Mounts.find(({ Source }) => Source !== '' && isBelow(file, Source));
    const user = asUser(container, mount?.RW ?? false);
    if (mount === undefined || (user.project === '' && container.Labels[labels.role] === 'helper')) return [];
    return [user];
  });
  return users.sort((a, b) => (a.name < b.name ? -1 : 1));
}

function isBelow(file: string, folder: string): boolean {
  const rest = relative(folder, file);
  return rest === '' || (!isAbsolute(rest) && rest.split('/')[0] !== '..');
}

import { join } from 'node:path';

import { composeLabel } from '../compose/index.ts';
import type { DockerEngine } from '../docker/index.ts';
import type { EffectContext } from '../effect.ts';

export type ContainerList = Pick<DockerEngine, 'listByLabel'>;

/** How many services a summary names. */
const named = 5;

/**
 * Says which services go on reading what a file held before: a container that mounts a file by itself, and not its folder, keeps the one that
 * was there when it started. Empty where none does.
 * @param paths relative to `root`, the stack's folder by its real name
 */
export async function stillRead(
  engine: ContainerList,
  { plan: { stack }, signal }: Pick<EffectContext, 'plan' | 'signal'>,
  root: string,
  paths: readonly string[],
): Promise<string> {
  // Compose wrote down the folder as it was called, which may be a link.
  const changed = new Map(paths.flatMap((path) => [root, stack.directory].map((folder) => [join(folder, path), path])));
  const running = (await engine.listByLabel({ [composeLabel.project]: stack.project }, { signal })).filter(
    ({ State }) => State === 'running',
  );
  const readers = new Set(
    running.flatMap(({ Labels, Mounts }) =>
      Mounts.flatMap(({ Type, Source }) => {
        const path = Type === 'bind' ? changed.get(Source) : undefined;
        return path === undefined ? [] : [`${Labels[composeLabel.service] ?? 'a container'} (${path})`];
      }),
    ),
  );
  if (readers.size === 0) return '';
  const more = readers.size > named ? ` and ${readers.size - named} more` : '';
  return `; these go on reading the old file until they are started again: ${[...readers].sort().slice(0, named).join(', ')}${more}`;
}

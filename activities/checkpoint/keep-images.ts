import { createHash } from 'node:crypto';
import type { DockerEngine } from '../docker/index.ts';
import type { EffectContext } from '../effect.ts';

/** A target as a part of an image's name, which is narrower than the name of a project. */
export const targetInName = (target: string) =>
  /^[a-z0-9]+((_|__|-+)[a-z0-9]+)*$/.test(target)
    ? target
    : createHash('sha256').update(target).digest('hex').slice(0, 12);

/** Under which name a target keeps an image that its way back needs. */
export const keptImage = (target: string, id: string) =>
  `switchback-keep/${targetInName(target)}:${id.replace(/^sha256:/, '').slice(0, 12)}`;

/**
 * Gives the images that a way back runs a name of our own: one that loses its last name by \`docker rmi\` or a build would be removed. The
 * names stay until somebody removes them.
 */
export async function keepImages(
  engine: DockerEngine,
  { target, signal }: Pick<EffectContext, 'target' | 'signal'>,
  ids: Iterable<string>,
): Promise<void> {
  for (const id of new Set(ids)) {
    const name = keptImage(target, id);
    if (await engine.inspectImage(name, { signal })) continue;
    const [repo = '', tag = ''] = name.split(':');
    // An image that is gone already is said where it is needed.
    if (await engine.inspectImage(id, { signal }))
      await engine.call(`tag image ${id}`, { signal }, (docker) => docker.getImage(id).tag({ repo, tag }));
  }
}

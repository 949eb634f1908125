import { createHash } from 'node:crypto';
import { dataInLayer, type LayerChange } from '../../runbook/container-layer.ts';
import type { WorldContainer } from '../compose/index.ts';
import type { DockerEngine } from '../docker/index.ts';
import type { EffectContext } from '../effect.ts';
import { targetInName } from './keep-images.ts';
import { runs } from './settle-orphans.ts';

type Context = Pick<EffectContext, 'target' | 'runId' | 'operation' | 'signal' | 'fence' | 'progress'>;

const kinds: readonly LayerChange['kind'][] = ['modified', 'added', 'deleted'];

/** Under which name an operation keeps what a service's container holds in its own layer: the same at every attempt. */
export function layerName(
  { target, runId, operation }: Pick<Context, 'target' | 'runId' | 'operation'>,
  service: string,
) {
  const of = createHash('sha256').update(`${runId}/${operation.id}`).digest('hex').slice(0, 12);
  return `switchback-layer/${targetInName(target)}:${of}-${service}`.replaceAll(/[^\w./:-]/g, '_');
}

/** Files that a container holds in its own layer, and would lose with it. */
export async function layerOf(engine: DockerEngine, id: string, signal: AbortSignal): Promise<string[]> {
  const options = { signal };
  const container = await engine.inspectContainer(id, options);
  if (!container || container.State.Status === 'created') return [];
  const changes: unknown = await engine.call(`changes of container ${container.Name}`, options, (docker) =>
    docker.getContainer(id).changes(),
  );
  const mounts = [
    ...container.Mounts.map(({ Destination }) => Destination),
    ...Object.keys(container.HostConfig.Tmpfs ?? {}),
  ];
  // The engine answers `null` where nothing has changed.
  const listed = Array.isArray(changes) ? (changes as { Path: string; Kind: number }[]) : [];
  return dataInLayer(
    listed.map(({ Path, Kind }) => ({ path: Path, kind: kinds[Kind] ?? 'modified' })),
    mounts,
  );
}

/**
 * Keeps what containers that are about to be replaced hold in their own layers, as images: stops each of them first, so that nothing is
 * written after it was kept. Safe to repeat. @returns names of the images, by service
 */
export async function keepLayers(
  engine: DockerEngine,
  context: Context,
  leaving: readonly WorldContainer[],
): Promise<Record<string, string[]>> {
  const kept: Record<string, string[]> = {};
  for (const container of leaving) {
    const service = container.service;
    if (service === undefined || (await layerOf(engine, container.id, context.signal)).length === 0) continue;
    const before = kept[service] ?? [];
    // One container of a service can have its layer put back by itself; those of further replicas are kept beside.
    const name = `${layerName(context, service)}${before.length === 0 ? '' : `-${before.length + 1}`}`;
    context.progress({ doing: `keeping the layer of ${container.name} as ${name}` });
    await context.fence();
    if (runs(container)) await engine.stopContainer(container.id, { signal: context.signal });
    await context.fence();
    const changes = await withoutEnvironment(engine, container.id, context.signal);
    const [repo, tag] = [name.slice(0, name.lastIndexOf(':')), name.slice(name.lastIndexOf(':') + 1)];
    await engine.call(
      `commit container ${container.name}`,
      { signal: context.signal, deadlineMs: 30 * 60_000 },
      (docker) =>
        docker
          .getContainer(container.id)
          .commit({ repo, tag, pause: false, comment: `layer of ${container.name}`, ...(changes && { changes }) }),
    );
    kept[service] = [...before, name];
  }
  return kept;
}

/**
 * Empties what Compose has put into the environment: an image that holds it would show passwords to all who may list images. Compose gives it to
 * the container of that image again.
 */
async function withoutEnvironment(engine: DockerEngine, id: string, signal: AbortSignal): Promise<string | undefined> {
  const container = await engine.inspectContainer(id, { signal });
  const image = container && (await engine.inspectImage(container.Image, { signal }));
  // Without its image nobody can tell which variables are the image's own, and without those it does not run.
  if (!container || !image) return undefined;
  const own = new Set(image.Config.Env ?? []);
  const given = (container.Config.Env ?? []).filter((line) => !own.has(line)).map((line) => line.replace(/=[^]*/, ''));
  const instructions = given.filter((name) => /^[\w.-]+$/.test(name)).map((name) => `ENV ${name}=`);
  return instructions.length === 0 ? undefined : instructions.join('\n');
}

/** Images that are to run, with kept layers in place of the bare ones where there are any. */
export async function withLayers(
  engine: DockerEngine,
  images: Record<string, string> | undefined,
  layers: Record<string, string> | undefined,
  signal: AbortSignal,
): Promise<Record<string, string> | undefined> {
  if (layers === undefined) return images;
  const own: Record<string, string> = {};
  for (const [service, name] of Object.entries(layers)) {
    const image = await engine.inspectImage(name, { signal });
    if (image) own[service] = image.Id;
  }
  return { ...images, ...own };
}

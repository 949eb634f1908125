import { SwitchbackError } from '../../runbook/errors.ts';
import { readCompose } from '../../runbook/compile/read-compose.ts';
import {
  allowedWriters,
  bytesName,
  isBytes,
  strangerSays,
  strangersTo,
  writableMounts,
  writersNamed,
  type ProtectedBytes,
  type StackPlace,
  type Stranger,
} from '../../runbook/guard/index.ts';
import type { ComposeFacts } from '../../runbook/plan/index.ts';
import { composeLabel, enabledServices, imageOf, type ComposeModel } from '../compose/index.ts';
import type { DockerEngine } from '../docker/index.ts';
import type { EffectContext } from '../effect.ts';

export type WriterContext = Pick<EffectContext, 'plan' | 'signal' | 'identityOf' | 'keep' | 'sealed'>;

/** The baseline as far as writers are concerned. */
export interface BaselineWriters {
  facts: ComposeFacts;
  /** Changes with the files of the baseline. */
  digest: string;
  /** Ids of the images of each service. */
  images: Record<string, string[]>;
}

/** What Compose made of a checkpoint, as the guard reads it. */
export function factsOf(model: ComposeModel): ComposeFacts {
  const facts = readCompose(model);
  if (facts === undefined) throw new SwitchbackError('PlanInvalid', 'a checkpoint without services');
  return facts;
}

const resource = 'baseline-writers';

/** What the journal knows of the images with which services write in the baseline: their tags may mean others by now. */
export async function knownImages(
  context: Pick<EffectContext, 'identityOf'>,
  digest: string,
): Promise<BaselineWriters['images'] | undefined> {
  const text = await context.identityOf(resource);
  if (text === undefined) return undefined;
  const known = JSON.parse(text) as { digest: string; images: BaselineWriters['images'] };
  return known.digest === digest ? known.images : undefined;
}

/** Notes the images of the baseline's services the first time that they are seen. */
export async function noteImages(
  context: Pick<EffectContext, 'identityOf' | 'bindIdentity'>,
  { digest, images }: BaselineWriters,
): Promise<void> {
  if ((await knownImages(context, digest)) === undefined)
    await context.bindIdentity(resource, JSON.stringify({ digest, images }));
}

/**
 * The images that services run in the baseline: those of their containers while the stack stands there, else what their names mean.
 * @param atBaseline the active files are those of the baseline
 */
export async function imagesOfBaseline(
  engine: DockerEngine,
  model: ComposeModel,
  atBaseline: boolean,
  signal: AbortSignal,
): Promise<BaselineWriters['images']> {
  const running = atBaseline
    ? await engine.listByLabel({ [composeLabel.project]: model.name, [composeLabel.oneOff]: 'False' }, { signal })
    : [];
  const images: Record<string, string[]> = {};
  for (const [service] of enabledServices(model)) {
    const now = running.filter(({ Labels }) => Labels[composeLabel.service] === service).map(({ ImageID }) => ImageID);
    const named = now.length > 0 ? undefined : await engine.inspectImage(imageOf(model, service), { signal });
    images[service] = [...new Set([...now, ...(named === undefined ? [] : [named.Id])])].sort();
  }
  return images;
}

/** Every service of a checkpoint that could write to what is protected, and may not, by resource. */
export async function strangersOf(
  engine: DockerEngine,
  context: WriterContext,
  next: { model: ComposeModel; images: Record<string, string | undefined> },
  baseline: BaselineWriters,
): Promise<{ resource: ProtectedBytes; strangers: Stranger[] }[]> {
  const facts = factsOf(next.model);
  const { project, directory, profiles = [] } = context.plan.stack;
  const found: { resource: ProtectedBytes; strangers: Stranger[] }[] = [];
  for (const resource of context.plan.protect.filter(isBytes)) {
    const place: StackPlace = { project, directory, profiles, mountpoint: await mountpoint(engine, context, resource) };
    const mounts = writableMounts(facts, resource, place);
    if (mounts.length === 0) continue;
    const writers = writersNamed(resource, baseline.facts, place);
    const named = new Map<string, string[]>();
    for (const { image } of writers) {
      const id = image === undefined ? undefined : (await engine.inspectImage(image, { signal: context.signal }))?.Id;
      if (image !== undefined) named.set(image, id === undefined ? [] : [id]);
    }
    const allowed = allowedWriters(
      writers,
      (service) => baseline.images[service] ?? [],
      (image) => named.get(image) ?? [],
    );
    const strangers = strangersTo(mounts, allowed, (service) => next.images[service]);
    if (strangers.length > 0) found.push({ resource, strangers });
  }
  return found;
}

async function mountpoint(
  engine: DockerEngine,
  { signal }: Pick<EffectContext, 'signal'>,
  resource: ProtectedBytes,
): Promise<string | undefined> {
  return 'volume' in resource ? (await engine.inspectVolume(resource.volume, { signal }))?.Mountpoint : undefined;
}

/** Whether Switchback itself makes a stranger's mount read-only in its checkpoint. One that is taken over from another service cannot be. */
export const isMadeReadOnly = (resource: ProtectedBytes, { from }: Stranger) =>
  resource.others === 'read-only' && from === undefined;

/** What keeps a checkpoint from being applied, and what a person is told of mounts that are made read-only. */
export function judgeStrangers(found: readonly { resource: ProtectedBytes; strangers: Stranger[] }[]) {
  const all = found.flatMap(({ resource, strangers }) => strangers.map((stranger) => ({ resource, stranger })));
  return {
    obstacles: all
      .filter(({ resource, stranger }) => !isMadeReadOnly(resource, stranger))
      .map(({ resource, stranger }) => ({
        error: 'Protected' as const,
        ...strangerSays(resource, stranger),
        facts: { service: stranger.service, protected: bytesName(resource) },
      })),
    readOnly: all.filter(({ resource, stranger }) => isMadeReadOnly(resource, stranger)),
  };
}

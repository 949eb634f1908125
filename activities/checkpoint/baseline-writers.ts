import type { ComposeModel } from '../compose/index.ts';
import type { DockerEngine } from '../docker/index.ts';
import type { EffectContext } from '../effect.ts';
import { readActive } from './active-file.ts';
import type { CheckpointContents, Content } from './contents.ts';
import { factsOf, imagesOfBaseline, knownImages, type BaselineWriters } from './protected-writers.ts';

type Context = Pick<EffectContext, 'plan' | 'signal' | 'identityOf' | 'keep' | 'sealed'>;

/** Reads the baseline as far as its writers are concerned. @param load what Compose makes of its files, as they are written */
export async function readBaseline(
  engine: DockerEngine,
  context: Context,
  load: (contents: CheckpointContents) => Promise<ComposeModel>,
): Promise<BaselineWriters> {
  const { baseline, stack } = context.plan;
  const content = async (path: string): Promise<Content> => {
    const bytes = await context.sealed(path);
    return { bytes, digest: await context.keep(bytes) };
  };
  const compose = await content(baseline.compose);
  const activeEnv = stack.env === undefined ? undefined : await readActive(stack.directory, stack.env, context);
  const env = baseline.env === undefined ? activeEnv : await content(baseline.env);
  const model = await load({ compose, env });
  const digest = `${compose.digest} ${baseline.env === undefined ? '' : env?.digest}`;
  const active = await readActive(stack.directory, stack.compose, context);
  const known = await knownImages(context, digest);
  const atBaseline = active?.digest === compose.digest;
  const images = known ?? (await imagesOfBaseline(engine, model, atBaseline, context.signal));
  return { facts: factsOf(model), digest, images };
}

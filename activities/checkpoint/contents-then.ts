import { relative } from 'node:path';
import type { ComposeModel, WorldContainer } from '../compose/index.ts';
import type { EffectContext } from '../effect.ts';
import { boundContents, notedContent, type BoundContent } from './bound-content.ts';

type Context = Pick<EffectContext, 'plan' | 'keep' | 'kept' | 'identityOf'>;

/** How many files a sentence names. */
const named = 5;

/**
 * With which configuration each service runs now that its folder holds beside the Compose file: digests in the content store. Empty text for a
 * service whose files were changed after its containers were made, so that nobody knows what they held.
 */
export async function contentsThen(
  model: ComposeModel | undefined,
  own: readonly WorldContainer[],
  context: Context,
): Promise<Record<string, string>> {
  if (model === undefined) return {};
  const then: Record<string, string> = {};
  for (const [service, content] of await boundContents(model, context)) {
    const containers = own.filter((container) => container.service === service);
    if (containers.length === 0) continue;
    const noted = await notedContent(service, containers, context);
    const oldest = Math.min(...containers.map(({ createdAt }) => createdAt));
    then[service] = noted ?? (content.changedAt > (oldest + 1) * 1000 ? '' : content.digest);
  }
  return then;
}

/** Services that begin with other files than they ran with then, one line each: nothing but a `files` step puts these back. */
export async function otherContents(
  then: Readonly<Record<string, string>>,
  now: ReadonlyMap<string, BoundContent>,
  context: Context,
): Promise<string[]> {
  const lines: string[] = [];
  for (const [service, digest] of Object.entries(then)) {
    const content = now.get(service);
    if (content === undefined || content.digest === digest) continue;
    if (digest === '') {
      lines.push(
        `service ${service}: the files that it reads were changed before the phase, which does not know the old ones`,
      );
      continue;
    }
    const [old, current] = await Promise.all([digest, content.digest].map((each) => entriesOf(each, context)));
    const paths = [...new Set([...old!.keys(), ...current!.keys()])].filter(
      (path) => old!.get(path) !== current!.get(path),
    );
    if (paths.length === 0) continue;
    const told = paths.slice(0, named).map((path) => inStack(path, context));
    const more = paths.length > named ? ` and ${paths.length - named} more` : '';
    lines.push(`service ${service} reads ${told.join(', ')}${more}, which changed since it last ran like this`);
  }
  return lines;
}

async function entriesOf(digest: string, { kept }: Pick<Context, 'kept'>): Promise<Map<string, string>> {
  return new Map(JSON.parse((await kept(digest)).toString('utf8')) as [string, string][]);
}

function inStack(path: string, { plan }: Pick<Context, 'plan'>): string {
  const inside = relative(plan.stack.directory, path);
  return path.startsWith('/') && !inside.startsWith('..') ? inside : path;
}

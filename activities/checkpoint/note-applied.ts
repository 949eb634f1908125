import type { JsonObject } from '../../runbook/json.ts';
import { orphansOf, type ComposeModel, type StackWorld } from '../compose/index.ts';
import type { EffectContext } from '../effect.ts';
import { noteContents, type BoundContent } from './bound-content.ts';
import { noteOwnContainers } from './own-containers.ts';
import { noteSetAside } from './set-aside.ts';

type Context = Pick<EffectContext, 'identityOf' | 'bindIdentity' | 'log'>;

/** Writes down what later operations need to know of the stack as it stands now. @returns facts for the receipt */
export async function noteApplied(
  context: Context,
  stack: {
    world: StackWorld;
    model: ComposeModel;
    /** What is bind-mounted, as it was before the containers were made: what changed after that is seen the next time. */
    bound: Map<string, BoundContent>;
    /** Short ids of the containers that were there when the operation was prepared. */
    containersBefore: readonly string[];
    composeVersion: string;
  },
): Promise<JsonObject> {
  const { own } = stack.world;
  await noteOwnContainers(context, own, stack.containersBefore);
  await noteSetAside(
    context,
    orphansOf(own, stack.model).map(({ id }) => id),
  );
  await noteContents(stack.bound, own, context);
  return {
    boundContents: Object.fromEntries([...stack.bound].map(([name, { digest }]) => [name, digest.slice(0, 12)])),
    ...(await noteVersion(context, stack.composeVersion)),
  };
}

/** Configuration hashes differ between versions of Compose, so that another one recreates what nobody changed. */
async function noteVersion(context: Context, version: string): Promise<JsonObject> {
  const known = await context.identityOf('compose-version');
  if (known === version) return { composeVersion: version };
  await context.bindIdentity('compose-version', version);
  if (known === undefined) return { composeVersion: version };
  const warning = `Compose is ${version} now and was ${known}: services may be recreated although nobody changed them`;
  context.log(warning);
  return { composeVersion: version, warning };
}

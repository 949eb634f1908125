import type { EffectHandler } from '../effect.ts';
import { deletePushed, refObject, removeTag, takenBackRef } from '../git/index.ts';

/** Takes back a tag that `tagCheckpoint` made, if it still is that very object. The object stays reachable in the repository. */
export function removeTagHandler(): EffectHandler<'removeTag'> {
  return {
    async prepare() {
      return { undo: { by: 'nothing', summary: 'an undo is not undone by itself' }, facts: {} };
    },

    async observe(input, context, prepared) {
      if (!prepared) return 'absent';
      const object = await refObject(context.plan.stack.directory, `refs/tags/${input.tag}`, {
        signal: context.signal,
      });
      if (object !== undefined) return 'absent';
      return input.pushed ? 'partial' : 'done';
    },

    async perform(input, context) {
      const { directory } = context.plan.stack;
      const options = { signal: context.signal };
      const { tag, object } = input;
      // The remote first: while our own tag stands, a retry knows what to take back there.
      if (input.pushed) await deletePushed(directory, `refs/tags/${tag}`, object, options);
      await context.fence();
      await removeTag(directory, input, options);
      return {
        summary: `tag ${tag} is taken back; its object ${object.slice(0, 12)} stays under ${takenBackRef(tag, object)}`,
        facts: { tag, object, kept: takenBackRef(tag, object) },
        effect: { tag, removed: true },
      };
    },
  };
}

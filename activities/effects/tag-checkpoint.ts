import type { OperationInputs } from '../../runbook/operations.ts';
import type { EffectHandler } from '../effect.ts';
import {
  createTag,
  dirtyPaths,
  headCommit,
  pushRefs,
  pushRemote,
  refObject,
  requireTagFree,
  writeTagObject,
} from '../git/index.ts';

type Input = OperationInputs['tagCheckpoint'];

/** What was looked up before the tag was made. */
type Facts = {
  commit: string;
  /** The tag object, which exists before the tag does: so the undo knows what to take back. */
  object: string;
  /** The tag was on the commit before: it is not ours to take back. */
  existed: boolean;
  /** Paths of the stack that are not in the tagged commit. */
  uncommitted: number;
};

/** An annotated tag on the commit that is checked out; the undo takes it back, so that a phase that went back can run again. */
export function tagCheckpointHandler(): EffectHandler<'tagCheckpoint', Facts> {
  return {
    async prepare(input, context) {
      const { directory } = context.plan.stack;
      const options = { signal: context.signal };
      const commit = await headCommit(directory, options);
      const existing = await requireTagFree(directory, { tag: input.tag, commit }, options);
      if (input.push) await pushRemote(directory, options);
      const message = `${input.message}\n\nSwitchback-Run: ${context.target}/${context.runId}`;
      const object = existing ?? (await writeTagObject(directory, { tag: input.tag, commit, message }, options));
      const uncommitted = (await dirtyPaths(directory, [], options)).length;
      const facts: Facts = { commit, object, existed: existing !== undefined, uncommitted };
      return { undo: undoOf(input, facts), facts };
    },

    async observe(input, context, prepared) {
      if (!prepared) return 'absent';
      const { directory } = context.plan.stack;
      const object = await refObject(directory, `refs/tags/${input.tag}`, { signal: context.signal });
      if (object !== prepared.facts.object) return 'absent';
      // Whether it was pushed only the remote knows; pushing once more has no effect.
      return input.push ? 'partial' : 'done';
    },

    async perform(input, context, prepared) {
      const { directory } = context.plan.stack;
      const options = { signal: context.signal };
      const facts = prepared.facts;
      await createTag(directory, { tag: input.tag, object: facts.object }, options);
      if (input.push) await context.fence();
      const remote = input.push ? await pushRefs(directory, [`refs/tags/${input.tag}`], options) : undefined;
      const uncommitted = facts.uncommitted === 0 ? '' : `; ${facts.uncommitted} changed paths are not in it`;
      return {
        summary: `tag ${input.tag} is on ${facts.commit.slice(0, 12)}${remote === undefined ? '' : `, pushed to ${remote}`}${uncommitted}`,
        facts: { tag: input.tag, ...facts, ...(remote === undefined ? {} : { remote }) },
        effect: { tag: input.tag, commit: facts.commit, push: input.push },
      };
    },
  };
}

function undoOf({ tag, push }: Input, facts: Facts) {
  if (facts.existed) return { by: 'nothing' as const, summary: `tag ${tag} was there before` };
  return {
    by: 'operation' as const,
    kind: 'removeTag' as const,
    summary: `take tag ${tag} back, so that the phase can be completed again`,
    lossy: false,
    input: { tag, object: facts.object, pushed: push },
    effects: [{ resource: `tag:${tag}`, change: 'remove' as const }],
  };
}

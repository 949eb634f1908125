import { join } from 'node:path';

import { formatBefore, type BeforeRecord, type GitState, type StackState } from '../../runbook/records/before.ts';
import type { OperationInputs } from '../../runbook/operations.ts';
import type { DockerEngine } from '../docker/index.ts';
import type { EffectContext, EffectHandler } from '../effect.ts';
import {
  backupBranch,
  createTag,
  currentBranch,
  dirtyPaths,
  headCommit,
  isRepository,
  pushRefs,
  pushRemote,
  refObject,
  requireBranchFree,
  requireTagFree,
  resolveCommit,
  writeTagObject,
} from '../git/index.ts';
import { readRecord, readStackState, writeRecord } from '../records/index.ts';

type Input = OperationInputs['recordBefore'];
type Context = EffectContext<'recordBefore'>;

type Facts = {
  /** Absent where the stack is in no repository. */
  commit?: string;
  /** What the tag is, or is going to be. */
  object?: string;
  /** The tag stands on the commit of an earlier run of this target: what was stable before any work, still is. */
  earlier?: string;
  /** Commit that the backup branch is on, or is going to be. */
  branchAt?: string;
};

/** Paths that a record lists; how many more there are is said. */
const listedPaths = 200;

/**
 * Writes down what is there before anything is touched: the commit, marked by an annotated tag and a backup branch where asked for,
 * and the project's containers, networks and volumes.
 */
export function recordBeforeHandler(deps: { engine: DockerEngine }): EffectHandler<'recordBefore', Facts> {
  return {
    async prepare(input, context) {
      const { directory } = context.plan.stack;
      const options = { signal: context.signal };
      const wanted = input.tag !== undefined || input.branch !== undefined || input.push;
      const facts: Facts = {};
      // Without wishes for git, a stack outside of a repository is fine; else `headCommit` says what is missing.
      if (wanted || (await hasCommit(directory, options))) {
        const commit = await headCommit(directory, options);
        facts.commit = commit;
        if (input.tag !== undefined) Object.assign(facts, await tagToBe(input.tag, commit, context));
        if (input.branch !== undefined) facts.branchAt = await branchToBe(input.branch, commit, facts.earlier, context);
        if (input.push) await pushRemote(directory, options);
      }
      return {
        undo: { by: 'keeping', summary: 'the record, the tag and the branch of how it was stay' },
        facts: { ...facts },
      };
    },

    async observe(input, context, prepared) {
      if (!prepared) return 'absent';
      const { directory } = context.plan.stack;
      const options = { signal: context.signal };
      const { commit, object, branchAt = commit } = prepared.facts;
      const record = await readRecord(fileOf(context, 'json'));
      const tagged =
        input.tag === undefined || (await refObject(directory, `refs/tags/${input.tag}`, options)) === object;
      const branched =
        input.branch === undefined || (await refObject(directory, `refs/heads/${input.branch}`, options)) === branchAt;
      if (record !== undefined && tagged && branched && !input.push) return 'done';
      return record !== undefined || (tagged && input.tag !== undefined) || (branched && input.branch !== undefined)
        ? 'partial'
        : 'absent';
    },

    async perform(input, context, prepared) {
      const facts = prepared.facts;
      context.progress({ doing: 'looking at containers, networks and volumes' });
      // The state first, then the tag: a tag is shared with others, so it is made when nothing can fail any more.
      const stack = await readStackState(deps.engine, context.plan.stack.project, { signal: context.signal });
      const git =
        facts.commit === undefined ? undefined : await mark(input, context, { ...facts, commit: facts.commit });
      const before = await writeBefore(context, stack, git);
      return {
        ...describe(input, facts, before),
        facts: { ...summaryFacts(before), ...facts, file: fileOf(context, 'json') },
      };
    },

    async adopt(input, context, prepared) {
      const facts = prepared.facts;
      const before = JSON.parse((await readRecord(fileOf(context, 'json'))) ?? '{}') as BeforeRecord;
      return {
        ...describe(input, facts, before),
        facts: { ...summaryFacts(before), ...facts, file: fileOf(context, 'json') },
      };
    },
  };
}

/** Whether there is anything that git could name: a new repository has no commit yet. */
const hasCommit = async (directory: string, options: { signal: AbortSignal }): Promise<boolean> =>
  (await isRepository(directory, options)) && (await refObject(directory, 'HEAD', options)) !== undefined;

const fileOf = (context: Context, extension: 'json' | 'txt') =>
  join(context.home.records, 'before', `${context.runId}.${extension}`);

/** The tag object to make, or the tag that an earlier run of this target made and that still marks the state before any work. */
async function tagToBe(tag: string, commit: string, context: Context): Promise<Facts> {
  const { directory } = context.plan.stack;
  const options = { signal: context.signal };
  const standing = await refObject(directory, `refs/tags/${tag}`, options);
  if (standing !== undefined && standing === (await context.identityOf(`tag:${tag}`))) {
    const earlier = await resolveCommit(directory, standing, options);
    return { object: standing, ...(earlier === commit ? {} : { earlier }) };
  }
  const existing = await requireTagFree(directory, { tag, commit }, options);
  const message = `${context.plan.title}: the state before any work\n\nSwitchback-Run: ${context.target}/${context.runId}`;
  return { object: existing ?? (await writeTagObject(directory, { tag, commit, message }, options)) };
}

/** As with the tag: the backup branch that an earlier run of this target made still is the state before any work. */
async function branchToBe(
  branch: string,
  commit: string,
  tagged: string | undefined,
  context: Context,
): Promise<string> {
  const { directory } = context.plan.stack;
  const options = { signal: context.signal };
  const standing = await refObject(directory, `refs/heads/${branch}`, options);
  const ours = [await context.identityOf(`branch:${branch}`), tagged];
  if (standing !== undefined && ours.includes(standing)) return standing;
  await requireBranchFree(directory, branch, commit, options);
  return commit;
}

/** Makes tag and branch, and pushes them where the plan says so. */
async function mark(input: Input, context: Context, facts: Facts & { commit: string }): Promise<GitState> {
  const { directory } = context.plan.stack;
  const options = { signal: context.signal };
  const { tag, branch } = input;
  const { commit, object, branchAt = commit } = facts;
  if (tag !== undefined && object !== undefined) {
    await context.fence();
    await createTag(directory, { tag, object }, options);
    await context.bindIdentity(`tag:${tag}`, object);
  }
  if (branch !== undefined) {
    await backupBranch(directory, { branch, commit: branchAt }, options);
    await context.bindIdentity(`branch:${branch}`, branchAt);
  }
  const refs = [
    ...(tag === undefined ? [] : [`refs/tags/${tag}`]),
    ...(branch === undefined ? [] : [`refs/heads/${branch}`]),
  ];
  if (input.push && refs.length > 0) await context.fence();
  const pushedTo = input.push && refs.length > 0 ? await pushRefs(directory, refs, options) : undefined;
  const checkedOut = await currentBranch(directory, options);
  const dirty = await dirtyPaths(directory, [], options);
  return {
    commit,
    ...(checkedOut === undefined ? {} : { branch: checkedOut }),
    ...(tag === undefined ? {} : { tag }),
    ...(branch === undefined ? {} : { backupBranch: branch }),
    ...(pushedTo === undefined ? {} : { pushedTo }),
    dirty:
      dirty.length <= listedPaths ? dirty : [...dirty.slice(0, listedPaths), `and ${dirty.length - listedPaths} more`],
  };
}

async function writeBefore(context: Context, stack: StackState, git: GitState | undefined): Promise<BeforeRecord> {
  const { plan } = context;
  const before: BeforeRecord = {
    format: 1,
    target: context.target,
    run: context.runId,
    plan: { name: plan.name, digest: plan.digest },
    at: new Date().toISOString(),
    directory: plan.stack.directory,
    ...(git === undefined ? {} : { git }),
    ...stack,
  };
  await writeRecord(fileOf(context, 'txt'), formatBefore(before));
  // Last: where it stands, the record is complete.
  await writeRecord(fileOf(context, 'json'), `${JSON.stringify(before, null, 2)}\n`);
  return before;
}

const summaryFacts = (before: BeforeRecord) => ({
  containers: before.containers.length,
  networks: before.networks.length,
  volumes: before.volumes.length,
  uncommitted: before.git?.dirty.length ?? 0,
});

function describe(input: Input, facts: Facts, before: BeforeRecord) {
  const { containers, networks, volumes } = summaryFacts(before);
  const commit = facts.commit === undefined ? 'in no git repository' : `at commit ${facts.commit.slice(0, 12)}`;
  const tagged =
    input.tag === undefined
      ? ''
      : facts.earlier === undefined
        ? `, tagged ${input.tag}`
        : `, tag ${input.tag} of an earlier run stays on ${facts.earlier.slice(0, 12)}`;
  return {
    summary: `recorded ${containers} containers, ${networks} networks and ${volumes} volumes ${commit}${tagged}${
      input.branch === undefined ? '' : `, branch ${input.branch}`
    }${before.git?.pushedTo === undefined ? '' : `, pushed to ${before.git.pushedTo}`}`,
    effect: { commit: facts.commit ?? null, tag: input.tag ?? null, branch: input.branch ?? null, push: input.push },
  };
}

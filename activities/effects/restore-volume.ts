import { SwitchbackError } from '../../runbook/errors.ts';
import type { OperationInputs, Undo } from '../../runbook/operations.ts';
import type { DockerEngine } from '../docker/index.ts';
import type { EffectContext, EffectHandler, Performed } from '../effect.ts';
import {
  areAwake,
  endExchange,
  ownLabels,
  refuseForeignUsers,
  removeOwnVolume,
  requireExchangeable,
  roomOfVolume,
  volumeUsers,
  wake,
} from '../volumes/index.ts';
import { helperOwner } from './helper-owner.ts';
import { pointToRestore } from './point-to-restore.ts';
import {
  bindBoth,
  exchangeQuietly,
  extractBeside,
  hasKept,
  swapJob,
  swapState,
  type SwapFacts,
} from './swap-volume.ts';

type Input = OperationInputs['restoreVolume'];
type Context = EffectContext<'restoreVolume'>;

/**
 * Restores a volume from a recovery point: extracts beside, compares, exchanges the two in one rename, and keeps what was replaced.
 * With `putBack`, the new content is that of a volume which an earlier restore has kept.
 */
export function restoreVolumeHandler(deps: { engine: DockerEngine }): EffectHandler<'restoreVolume', SwapFacts> {
  const { engine } = deps;
  return {
    async prepare(input, context) {
      const { signal } = context;
      const volume = input.into ?? input.volume;
      refuseProtected(context, volume);
      const job = await swapJob(engine, context);
      const exists = (await engine.inspectVolume(volume, { signal })) !== undefined;
      if (exists) await requireExchangeable(job, volume);
      const live = exists ? await roomOfVolume(job, volume) : undefined;
      const before = live?.identity ?? null;
      const users = await volumeUsers(engine, volume, { signal });
      refuseForeignUsers(volume, users, context.plan.stack.project);
      const point = input.putBack === undefined ? await pointToRestore(job, context, live) : '';
      const beside = input.putBack ?? job.nameOf('kept');
      const facts: SwapFacts = { volume, before, beside, point, users };
      return { undo: undoOf(input, facts), facts };
    },

    async observe(_input, context, prepared) {
      if (!prepared) return 'absent';
      const facts = prepared.facts;
      const state = await swapState(await swapJob(engine, context), context, facts);
      if (state !== 'exchanged') return state;
      return (await areAwake(engine, facts.users, { signal: context.signal })) ? 'done' : 'partial';
    },

    async perform(input, context, prepared) {
      const facts = prepared.facts;
      const job = await swapJob(engine, context);
      const began = performance.now();
      // One of an earlier attempt may be about to exchange while this one begins to extract anew.
      await endExchange(job);
      let tookMs = 0;
      if ((await swapState(job, context, facts)) !== 'exchanged') {
        if (input.putBack === undefined) tookMs = await extractBeside(job, context, facts);
        else if (!(await hasKept(job, context, facts))) return nothingKept(input, facts);
        await exchangeQuietly(job, context, facts);
      } else {
        // An earlier attempt was killed after the exchange, and perhaps before it had woken the users.
        await wake(engine, facts.users);
      }
      await bindBoth(context, facts);
      if (facts.before === null) await removeOwnVolume(engine, facts.beside, ownLabels(helperOwner(context), 'kept'));
      return performed(input, facts, tookMs, performance.now() - began);
    },
  };
}

/** @throws `Protected`: what is protected is never overwritten, not even by its own backup. */
function refuseProtected(context: Context, volume: string): void {
  if (!context.plan.protect.some((entry) => 'volume' in entry && entry.volume === volume)) return;
  throw new SwitchbackError('Protected', `volume ${volume} is protected: it is never replaced`, {
    hint: 'Restore into another volume with `into`.',
    facts: { volume },
  });
}

function undoOf(input: Input, facts: SwapFacts): Undo {
  const { volume, beside, before } = facts;
  if (before === null) return { by: 'keeping', summary: `volume ${volume} is new and disturbs nobody` };
  return {
    by: 'operation',
    summary: `put back what volume ${volume} held before, from ${beside}`,
    // What was written since is kept in the other volume, but it is live no more.
    lossy: true,
    kind: 'restoreVolume',
    input: { volume, point: input.point, putBack: beside },
    effects: [{ resource: `volume:${volume}`, change: 'replace' }],
  };
}

function nothingKept(input: Input, facts: SwapFacts): Performed {
  return {
    summary: `volume ${facts.volume} had not been replaced: nothing to put back`,
    facts: { volume: facts.volume },
    effect: { volume: facts.volume, point: input.point, nothing: true },
  };
}

function performed(input: Input, facts: SwapFacts, extractMs: number, tookMs: number): Performed {
  const { volume, beside, before, point } = facts;
  const from = input.putBack === undefined ? `from ${point}` : `from ${beside}`;
  const kept = before === null ? 'it is new' : `what it held is kept as ${beside}`;
  return {
    summary: `volume ${volume} restored ${from} in ${(tookMs / 1000).toFixed(1)} s; ${kept}`,
    facts: { volume, point, ...(before === null ? {} : { kept: beside }), extractMs, tookMs: Math.round(tookMs) },
    effect: { volume, point: input.point, new: before === null, putBack: input.putBack !== undefined },
  };
}

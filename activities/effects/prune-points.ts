import { SwitchbackError } from '../../runbook/errors.ts';
import type { DockerEngine } from '../docker/index.ts';
import type { EffectContext, EffectHandler } from '../effect.ts';
import { forgetExpired } from './forget-expired.ts';
import { alterPoints, bytesIn, expirePoint, readPin, readPoint, refOf, removeExpired } from '../points/index.ts';
import { showBytes } from '../resources/index.ts';
import { orphanedWals, removeWal } from '../wal/index.ts';

type Context = EffectContext<'prunePoints'>;

/**
 * `prunePoints`: removes recovery points. Each is renamed away while nobody reads any, and deleted afterwards: a crash leaves it whole,
 * or gone with something to sweep.
 */
export function prunePointsHandler({ engine }: { engine: DockerEngine }): EffectHandler<'prunePoints'> {
  return {
    async prepare(input, context) {
      let bytes = 0;
      for (const id of input.points) bytes += await bytesOf(context, id);
      return { undo: context.operation.undo, facts: { bytes } };
    },

    // What is gone already is passed over.
    observe: async () => 'absent',

    async perform({ points }, context, prepared) {
      const { home, signal } = context;
      const spared: string[] = [];
      let removed = 0;
      await alterPoints(home, `pruning recovery points of ${context.target}`, async () => {
        for (const id of points) {
          // Somebody may have pinned it since it was chosen.
          if (await isPinned(context, id)) spared.push(id);
          else {
            await context.fence();
            if (await expirePoint(home.points, refOf(id))) removed += 1;
          }
          context.progress({ doing: 'setting recovery points aside', done: removed, total: points.length });
        }
      });
      context.progress({ doing: 'deleting what was set aside' });
      await forgetExpired(engine, context);
      // Of those that were removed just now, and of those that a killed prune had removed.
      for (const ref of await orphanedWals(engine, context, { signal }))
        await removeWal(engine, context, ref, { signal });
      await removeExpired(home.points, signal);
      const bytes = prepared.facts['bytes'] as number;
      const kept = spared.length === 0 ? '' : `; ${spared.length} spared, since pinned meanwhile`;
      return {
        summary: `${points.length - spared.length} recovery points removed, ${showBytes(bytes)} freed${kept}`,
        facts: { points: points.filter((id) => !spared.includes(id)).slice(0, 100), spared, bytes },
        effect: { removed: points.filter((id) => !spared.includes(id)) },
      };
    },
  };
}

async function bytesOf({ home }: Context, id: string): Promise<number> {
  try {
    const point = await readPoint(home.points, refOf(id));
    return point === undefined ? 0 : bytesIn(point);
  } catch (error) {
    if (error instanceof SwitchbackError) return 0;
    throw error;
  }
}

async function isPinned({ home }: Context, id: string): Promise<boolean> {
  const point = await readPoint(home.points, refOf(id));
  return point !== undefined && (await readPin(point)) !== undefined;
}

import { SwitchbackError } from '../../runbook/errors.ts';
import type { DockerEngine } from '../docker/index.ts';
import type { EffectHandler, Prepared } from '../effect.ts';
import { findPoint } from '../points/index.ts';
import type { StoreDrivers } from '../stores/registry.ts';
import { restoreServerHandler } from './restore-server.ts';
import { restoreStoreHandler } from './restore-store.ts';
import { pointHolds } from '../../runbook/stores/point-kind.ts';

/** `restoreStore`, by what the point holds: one database, or the whole server that it is in. */
export function restoreByKindHandler(world: {
  engine: DockerEngine;
  stores: StoreDrivers;
}): EffectHandler<'restoreStore'> {
  const store = restoreStoreHandler(world);
  const server = restoreServerHandler(world);
  const by = (prepared: Prepared): EffectHandler<'restoreStore'> =>
    prepared.facts['method'] === 'physical' ? server : store;
  return {
    async prepare(input, context) {
      if (input.putBack !== undefined) return server.prepare(input, context);
      if (input.replaced !== undefined) return store.prepare(input, context);
      const { manifest } = await findPoint(context.home.points, input.point, context.runId);
      const whole = pointHolds(manifest.source.kind) === 'server';
      if (input.at !== undefined && !whole) throw noLog(manifest.point, manifest.source.kind);
      return (whole ? server : store).prepare(input, context);
    },
    observe: async (input, context, prepared) =>
      prepared === undefined ? 'absent' : by(prepared).observe(input, context, prepared),
    perform: (input, context, prepared) => by(prepared).perform(input, context, prepared),
    adopt(input, context, prepared) {
      const handler = by(prepared);
      return handler.adopt ? handler.adopt(input, context, prepared) : handler.perform(input, context, prepared);
    },
  };
}

const noLog = (point: string, kind: string) =>
  new SwitchbackError('Unsupported', `recovery point ${point} (${kind}) cannot be brought to a moment of its own`, {
    hint: 'Only a physical backup that was taken with `pointInTime` has a log to follow.',
  });

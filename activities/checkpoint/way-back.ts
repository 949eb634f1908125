import type { Effect, OperationInputs, Undo } from '../../runbook/operations.ts';
import { enabledServices, replicasOf } from '../compose/index.ts';
import type { EffectContext } from '../effect.ts';
import { refTo } from './active-file.ts';
import { layerName } from './keep-layers.ts';
import type { ActiveStack, Preview } from './preview.ts';

type Input = OperationInputs['applyCheckpoint'];

/** The undo of a checkpoint: back to exactly the contents that are active now, with the images that run now. */
export function wayBack(
  input: Input,
  context: Pick<EffectContext<'applyCheckpoint'>, 'plan' | 'operation' | 'target' | 'runId'>,
  active: ActiveStack,
  preview: Preview,
): Undo {
  const { stack } = context.plan;
  const planned = context.operation.undo;
  const isPlanned = planned.by === 'operation' && planned.kind === 'applyCheckpoint';
  const name = isPlanned ? (planned.input as Input).checkpoint : 'what was active before';
  const effects: Effect[] = isPlanned ? planned.effects : [{ resource: `file:${stack.compose}`, change: 'replace' }];
  const images = imagesNow(preview);
  const replicas = scaledByHand(preview);
  const layers = layersToKeep(preview, (service) => layerName(context, service));
  const start = strangersToStop(preview);
  return {
    by: 'operation',
    kind: 'applyCheckpoint',
    summary: isPlanned ? planned.summary : `bring the stack back to ${name}`,
    lossy: false,
    input: {
      checkpoint: name,
      compose: refTo(stack.compose, active.compose),
      ...(stack.env === undefined || input.env === undefined ? {} : { env: refTo(stack.env, active.env) }),
      ...(input.recreate === undefined ? {} : { recreate: input.recreate }),
      ...(Object.keys(images).length === 0 ? {} : { images }),
      ...(Object.keys(layers).length === 0 ? {} : { layers }),
      ...(Object.keys(replicas).length === 0 ? {} : { replicas }),
      ...(start.length === 0 ? {} : { start }),
      ...(Object.keys(preview.contents).length === 0 ? {} : { contents: preview.contents }),
    },
    effects,
  };
}

const isDefined = ({ before }: Preview, service: string | undefined) =>
  service !== undefined && before !== undefined && service in before.services;

function imagesNow(preview: Preview): Record<string, string> {
  return Object.fromEntries(
    preview.world.own.flatMap(({ service, imageId }) =>
      service !== undefined && isDefined(preview, service) ? [[service, imageId]] : [],
    ),
  );
}

/** Where the layers of containers will be kept that this checkpoint replaces: one for each service that has one container. */
function layersToKeep(preview: Preview, nameOf: (service: string) => string): Record<string, string> {
  const replaced = preview.prediction.services.filter(({ fate }) => fate === 'recreated');
  return Object.fromEntries(
    replaced
      .filter(({ service }) => isDefined(preview, service))
      .filter(({ service }) => preview.world.own.filter((container) => container.service === service).length === 1)
      .map(({ service }) => [service, nameOf(service)]),
  );
}

/** Services that somebody had scaled to another number of containers than the file says. */
function scaledByHand({ before, world }: Preview): Record<string, number> {
  return Object.fromEntries(
    (before ? enabledServices(before) : []).flatMap(([name, service]) => {
      const count = world.own.filter((container) => container.service === name).length;
      return count > replicasOf(service) ? [[name, count] as const] : [];
    }),
  );
}

/** Nobody's to begin with, and stopped for the checkpoint's sake: on the way back they run again. */
function strangersToStop(preview: Preview): string[] {
  const stopped = preview.prediction.services.filter(({ fate }) => fate === 'stopped').map(({ service }) => service);
  return preview.world.own
    .filter(({ service, name, state }) => state === 'running' && stopped.includes(service ?? name))
    .filter(({ service }) => !isDefined(preview, service))
    .map(({ name }) => name);
}

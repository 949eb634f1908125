import { createHash } from 'node:crypto';

import { SwitchbackError } from '../../runbook/errors.ts';
import { canonicalJson } from '../../runbook/json.ts';
import { labels, operationObjectName } from '../../runbook/names.ts';
import {
  loadActive,
  type CheckpointDependencies,
  type LoadedCheckpoint,
  type PreviewContext,
} from '../checkpoint/index.ts';
import { imageOf } from '../compose/index.ts';
import { learnFromModel, masked } from '../masking/index.ts';
import { runHelper, type HelperOptions, type HelperResult, type HelperSpec, type Labels } from '../docker/index.ts';
import type { EffectContext } from '../effect.ts';
import { serviceSurroundings } from './service-container.ts';

export interface ServiceCommand {
  service: string;
  argv: readonly string[];
  timeoutSeconds: number;
}

export type RunContext = PreviewContext & Pick<EffectContext, 'target' | 'runId'>;

export interface ServiceRun {
  /** As `runHelper` gives it, with secrets taken out of the log. */
  result: HelperResult;
  image: string;
  imageId: string;
  leftOut: string[];
}

/** The container of an operation's command: the same on every attempt. */
export function commandContainer(
  context: Pick<RunContext, 'target' | 'runId' | 'operation'>,
  role: string,
): { name: string; labels: Labels } {
  const { target, runId, operation } = context;
  return {
    name: operationObjectName(target, runId, operation.id, role),
    labels: { [labels.target]: target, [labels.run]: runId, [labels.operation]: operation.id, [labels.role]: role },
  };
}

/**
 * Runs a command in a one-shot container of a service's image, with the service's environment, networks and mounts; or adopts the one that
 * an earlier attempt started. The image's entrypoint is left out: what runs is the command as written.
 * @throws SwitchbackError `PreconditionFailed` (no such service, image or network), `Conflict`, `EffectUnknown`
 */
export async function runInService(
  deps: CheckpointDependencies,
  context: RunContext,
  command: ServiceCommand,
  options: HelperOptions & { role: string; imageId?: string },
): Promise<ServiceRun> {
  const loaded = await loadActive(deps, context);
  const surroundings = serviceSurroundings(loaded.model, command.service, {
    directory: context.plan.stack.directory,
    protect: context.plan.protect,
    sockets: ['/var/run/docker.sock', '/run/docker.sock', deps.engine.host.replace(/^unix:\/\//, '')],
  });
  const { leftOut, ...given } = surroundings;
  const imageId = options.imageId ?? imageIdOf(loaded, command.service);
  const { name, labels: own } = commandContainer(context, options.role);
  const spec: HelperSpec = {
    ...given,
    name,
    labels: own,
    image: imageId,
    argv: [...command.argv],
    capabilities: 'default',
    identity: createHash('sha256')
      .update(canonicalJson({ argv: command.argv, service: command.service }))
      .digest('hex')
      .slice(0, 16),
    timeoutMs: command.timeoutSeconds * 1000,
  };
  await requireNetworks(deps, spec, options.signal);
  const result = await runHelper(deps.engine, spec, options);
  await learnFromModel(loaded.model);
  const log = masked(result.log);
  return { result: { ...result, log }, image: imageOf(loaded.model, command.service), imageId, leftOut };
}

/** The id of the image that a service has in the active stack. @throws SwitchbackError `PreconditionFailed` */
export function imageIdOf(loaded: LoadedCheckpoint, service: string): string {
  const id = loaded.images[service];
  if (id !== undefined) return id;
  const known = service in loaded.model.services;
  throw new SwitchbackError(
    'PreconditionFailed',
    known
      ? `image ${imageOf(loaded.model, service)} of service ${service} is not on this host`
      : `the active Compose file has no service ${service}`,
    { facts: { service } },
  );
}

async function requireNetworks(
  deps: CheckpointDependencies,
  spec: HelperSpec,
  signal: AbortSignal | undefined,
): Promise<void> {
  for (const network of spec.networks ?? []) {
    if (await deps.engine.inspectNetwork(network, { signal })) continue;
    throw new SwitchbackError('PreconditionFailed', `network ${network} does not exist`, {
      hint: 'Is the stack up? Compose makes its networks.',
      facts: { network },
    });
  }
}

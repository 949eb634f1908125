import { ComposeCli } from '../../../activities/compose/index.ts';
import { DockerEngine } from '../../../activities/docker/index.ts';
import { applyCheckpointHandler } from '../../../activities/effects/apply-checkpoint.ts';
import { storeDrivers } from '../../../activities/stores/registry.ts';
import type { OperationInputs } from '../../../runbook/operations.ts';
import { performWith, TestTarget, type TargetOptions } from '../effect-context.ts';
import { ownLabels, ownName } from '../own-names.ts';

export const image = 'debian:bookworm-slim';
export const engine = new DockerEngine();
export const compose = new ComposeCli({ dockerHost: engine.host });
export const applyCheckpoint = applyCheckpointHandler({ engine, compose, stores: storeDrivers(engine) });

let networks = 0;

/** A service that sleeps and ends at once when told to. */
export const sleeper = (more: object = {}) => ({
  image,
  init: true,
  command: ['sleep', '3600'],
  stop_grace_period: '3s',
  ...more,
});

/** A Compose file as JSON, which is YAML, with everything labelled for the sweep and a small network of its own. */
export function composeFile(
  services: Record<string, object>,
  more: { volumes?: Record<string, object>; subnet: string } & object,
): string {
  const labelled = Object.entries(services).map(([name, service]) => [
    name,
    { ...service, labels: { ...ownLabels, ...(service as { labels?: object }).labels } },
  ]);
  const volumes = Object.entries(more.volumes ?? {}).map(([name, volume]) => [
    name,
    { ...volume, labels: { ...ownLabels, ...(volume as { labels?: object }).labels } },
  ]);
  const { subnet, ...rest } = more;
  return `# a comment\n${JSON.stringify(
    {
      services: Object.fromEntries(labelled),
      ...rest,
      volumes: Object.fromEntries(volumes),
      networks: { default: { labels: ownLabels, ipam: { config: [{ subnet }] } } },
    },
    null,
    2,
  )}\n`;
}

/** A target whose stack has the files `docker/NAME.yml` and `docker/NAME.env`, all sealed; nothing is active and nothing runs. */
export async function makeStack(options: Partial<TargetOptions> = {}) {
  const target = await TestTarget.make({
    project: ownName('stack').replaceAll(/[^a-z0-9_-]/g, '-'),
    env: '.env',
    ...options,
  });
  // Small and explicit: Docker's own address pools are few.
  const subnet = `10.214.${process.pid % 256}.${((networks += 1) % 16) * 16}/28`;
  const checkpoint = async (
    name: string,
    services: Record<string, object>,
    more: { env?: string; volumes?: Record<string, object> } & object = {},
  ) => {
    const { env = '', ...rest } = more;
    await target.write(`docker/${name}.yml`, composeFile(services, { subnet, ...rest }));
    await target.write(`docker/${name}.env`, env);
    await target.seal(`docker/${name}.yml`, `docker/${name}.env`);
  };
  const input = (
    name: string,
    more: Partial<OperationInputs['applyCheckpoint']> = {},
  ): OperationInputs['applyCheckpoint'] => ({
    checkpoint: name,
    compose: { path: `docker/${name}.yml` },
    env: { path: `docker/${name}.env` },
    ...more,
  });
  const apply = (name: string, more: Partial<OperationInputs['applyCheckpoint']> = {}, id = `phase/apply/01-${name}`) =>
    performWith(applyCheckpoint, target.context('applyCheckpoint', input(name, more), { id }));
  /** The containers of the stack, by service. */
  const containers = async () => {
    const listed = await engine.listByLabel({ 'com.docker.compose.project': target.plan.stack.project });
    return Object.fromEntries(
      listed.map((container) => [
        container.Labels['com.docker.compose.service'] ?? '?',
        {
          id: container.Id,
          state: container.State,
          name: container.Names[0]?.slice(1) ?? '',
          imageId: container.ImageID,
        },
      ]),
    );
  };
  const { project } = target.plan.stack;
  return { target, project, subnet, checkpoint, input, apply, containers };
}

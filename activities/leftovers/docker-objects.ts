import { labels } from '../../runbook/names.ts';
import type { CallOptions, DockerEngine, Labels } from '../docker/index.ts';
import { removeOwnVolume } from '../volumes/index.ts';
import { receiverRole } from '../wal/index.ts';
import type { Leftover } from './leftover.ts';

/** Volumes with data that somebody may want back: never removed by us. */
const keptRoles: readonly string[] = ['kept', 'restored'];

/** Helper containers and scratch volumes of a target that carry our labels. What Compose made for a service carries none of them. */
export async function leftObjects(
  engine: DockerEngine,
  target: string,
  options: CallOptions = {},
): Promise<Leftover[]> {
  const mine: Labels = { [labels.target]: target };
  const containers = await engine.listByLabel(mine, options);
  const volumes = await engine.listVolumes(mine, options);
  return [
    ...containers.flatMap((container): Leftover[] => {
      // It goes on beside whatever is done; see `leftWals`.
      if (container.Labels[labels.role] === receiverRole) return [];
      const name = (container.Names[0] ?? container.Id).replace(/^\//, '');
      return [
        {
          what: `container ${name}`,
          why: ofOperation(container.Labels),
          command: `docker rm -f ${name}`,
          tidy: () => engine.removeContainer(container.Id, mine, options),
        },
      ];
    }),
    ...volumes.map(({ Name: name, Labels: own }): Leftover => {
      const volume = { what: `volume ${name}`, command: `docker volume rm ${name}` };
      return keptRoles.includes(own[labels.role] ?? '')
        ? { ...volume, why: `data that a restore replaced or brought, ${ofOperation(own)}: yours to remove` }
        : { ...volume, why: ofOperation(own), tidy: () => removeOwnVolume(engine, name, mine, options) };
    }),
  ];
}

const ofOperation = (own: Labels) =>
  `of ${own[labels.operation] ?? 'an operation'} in run ${own[labels.run] ?? 'unknown'}`;

import { enabledServices, type ComposeModel, type ComposePort } from './compose-model.ts';
import type { Obstacle } from './prediction.ts';
import type { PredictionInput } from './prediction-input.ts';
import { whose } from './predict-services.ts';
import type { PublishedPort } from './stack-world.ts';

/** Host ports that a service asks for by number; those that Docker chooses cannot clash. */
export function fixedPorts(model: ComposeModel): (PublishedPort & { service: string })[] {
  return enabledServices(model).flatMap(([service, { ports = [] }]) =>
    ports.flatMap((port) =>
      numbersOf(port).map((number) => ({
        service,
        ip: port.host_ip ?? '0.0.0.0',
        port: number,
        protocol: port.protocol ?? 'tcp',
      })),
    ),
  );
}

function numbersOf(port: ComposePort): number[] {
  const [first, last] = (port.published ?? '').split('-').map(Number);
  // A range lets Docker choose among its members.
  return first === undefined || !Number.isInteger(first) || first === 0 || last !== undefined ? [] : [first];
}

const everywhere = new Set(['0.0.0.0', '::', '']);

export function overlap(a: PublishedPort, b: PublishedPort): boolean {
  if (a.port !== b.port || a.protocol !== b.protocol) return false;
  return a.ip === b.ip || everywhere.has(a.ip) || everywhere.has(b.ip);
}

/** Host ports of this checkpoint that others listen on. */
export function takenPorts({ world, model, busyPorts }: PredictionInput): Obstacle[] {
  return fixedPorts(model).flatMap((wanted) => {
    const where = `${wanted.ip}:${wanted.port}/${wanted.protocol}`;
    const facts = { service: wanted.service, port: where };
    const message = `service ${wanted.service} needs port ${where}, which`;
    const holder = world.foreign.find((container) => container.ports.some((port) => overlap(port, wanted)));
    if (holder) {
      return [
        {
          error: 'Conflict' as const,
          message: `${message} container ${holder.name} holds: ${whose(holder)}`,
          hint: `Stop it with \`docker stop ${holder.name}\`, or give one of the two another port. Then resume.`,
          facts: { ...facts, container: holder.name },
        },
      ];
    }
    if (!busyPorts.some((port) => overlap(port, wanted))) return [];
    return [
      {
        error: 'Conflict' as const,
        message: `${message} a process on this host holds`,
        hint: `Find it with \`ss -ltnp 'sport = :${wanted.port}'\` and stop it. Then resume.`,
        facts,
      },
    ];
  });
}

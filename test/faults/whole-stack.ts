import type { CaseStack } from '../cases/case-stack.ts';

/** What the engine itself says of one container: nothing of the product's own looks is used. */
export interface Standing {
  image: string;
  /** `running healthy`, `exited 0`, … */
  state: string;
  environment: string[];
  command: string[];
  mounts: string[];
  /** Port of the host by port of the container. */
  ports: Record<string, string>;
  memory: number;
  restart: string;
  networks: string[];
  /** Its name in those networks, without the id that is another one for each container. */
  aliases: string[];
}

interface Inspected {
  Id: string;
  Name: string;
  Image: string;
  State: { Status: string; ExitCode: number; Health?: { Status: string } };
  Config: { Env: string[] | null; Cmd: string[] | null };
  HostConfig: {
    Memory: number;
    RestartPolicy: { Name: string };
    PortBindings: Record<string, { HostPort: string }[]> | null;
  };
  Mounts: { Type: string; Name?: string; Source: string; Destination: string; RW: boolean }[];
  NetworkSettings: { Networks: Record<string, { Aliases: string[] | null }> };
}

/** All containers of the project by their names. */
export async function standing(stack: CaseStack): Promise<Record<string, Standing>> {
  const ids = (await stack.containers()).map(({ id }) => id);
  if (ids.length === 0) return {};
  const seen = JSON.parse(await stack.docker('inspect', '--type', 'container', ...ids)) as Inspected[];
  return Object.fromEntries(seen.map((one) => [one.Name.slice(1), standingOf(one)]));
}

function standingOf(one: Inspected): Standing {
  const { Status, ExitCode, Health } = one.State;
  const networks = one.NetworkSettings.Networks;
  return {
    image: one.Image,
    state: Status === 'running' ? `running ${Health?.Status ?? 'unchecked'}` : `${Status} ${ExitCode}`,
    environment: (one.Config.Env ?? []).toSorted(),
    command: one.Config.Cmd ?? [],
    mounts: one.Mounts.map(
      ({ Type, Name, Source, Destination, RW }) => `${Type} ${Name ?? Source} ${Destination} ${RW ? 'rw' : 'ro'}`,
    ).toSorted(),
    ports: Object.fromEntries(
      Object.entries(one.HostConfig.PortBindings ?? {}).map(([port, bound]) => [
        port,
        bound.map(({ HostPort }) => HostPort).join(),
      ]),
    ),
    memory: one.HostConfig.Memory,
    restart: one.HostConfig.RestartPolicy.Name,
    networks: Object.keys(networks).toSorted(),
    aliases: Object.values(networks)
      .flatMap(({ Aliases }) => (Aliases ?? []).filter((alias) => !one.Id.startsWith(alias)))
      .toSorted(),
  };
}

/** Asks each service that publishes a port for its release, from outside. @returns what did not answer with the one of its image */
export async function silentPorts(stack: Record<string, Standing>): Promise<string[]> {
  const published = Object.entries(stack).flatMap(([name, { ports, environment }]) =>
    Object.values(ports).map((port) => ({
      name,
      port,
      version: environment.find((line) => line.startsWith('VERSION='))?.slice('VERSION='.length),
    })),
  );
  const answers = await Promise.all(
    published.map(async ({ name, port, version }) => {
      const said = await fetch(`http://127.0.0.1:${port}/`, { signal: AbortSignal.timeout(30_000) }).then(
        (answer) => answer.text(),
        (error: unknown) => String(error),
      );
      return said === version ? [] : [`${name} at ${port} says ${said}, not ${version}`];
    }),
  );
  return answers.flat();
}

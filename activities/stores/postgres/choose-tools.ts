import { SwitchbackError } from '../../../runbook/errors.ts';
import type { DockerEngine } from '../../docker/index.ts';
import type { Address } from './address.ts';
import { findClientTools, type ClientTools } from './client-tools.ts';

/** Where client tools come from: this host, or containers of the engine. */
export interface ToolBox {
  engine: DockerEngine;
  /** Tools of this host of a major version, else of the next newer one. */
  findClientTools(major: number): Promise<ClientTools | undefined>;
}

export const toolBox = (engine: DockerEngine): ToolBox => ({
  engine,
  findClientTools: (major) => findClientTools(major),
});

/** Client tools of one major version: in a folder of this host, or in the image that the server itself runs from. */
export type Tools = { major: number } & ({ folder: string } | { image: string });

/**
 * Chooses client tools for a server: of its own version from this host, else from the image that it runs from; else newer ones of
 * this host. `writtenBy`: major version of the `pg_dump` whose archive is to be read, which only its own version and newer ones can.
 * @throws `PreconditionFailed` where there are none
 */
export async function chooseTools(box: ToolBox, address: Address, serverMajor: number, writtenBy = 0): Promise<Tools> {
  const needed = Math.max(serverMajor, writtenBy);
  const host = await box.findClientTools(needed);
  const image = address.container?.image;
  if (image !== undefined && serverMajor === needed && host?.major !== serverMajor)
    return { major: serverMajor, image };
  if (host !== undefined) return host;
  throw new SwitchbackError(
    'PreconditionFailed',
    writtenBy > serverMajor
      ? `the dump was written by pg_dump ${writtenBy}, and there is no pg_restore of version ${writtenBy} or newer here`
      : `there are no client tools of PostgreSQL ${serverMajor} or newer here`,
    {
      hint: `Install the PostgreSQL client: \`apt-get install postgresql-client\`, or one of version ${needed} from apt.postgresql.org.`,
      facts: { server: serverMajor, writtenBy },
    },
  );
}

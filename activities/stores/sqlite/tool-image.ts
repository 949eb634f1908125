import { createHash } from 'node:crypto';
import { SwitchbackError } from '../../../runbook/errors.ts';
import { buildImage, type CallOptions, type DockerEngine } from '../../docker/index.ts';
import { ExecaError } from '../../processes/execa.ts';
import { helperImage } from '../../volumes/index.ts';

/** The command line of SQLite itself, beside what every helper has: its locks are those of the services that open the file. */
const dockerfile = `FROM ${helperImage}
RUN apt-get update -qq \\
 && apt-get install -y -qq --no-install-recommends sqlite3 \\
 && rm -rf /var/lib/apt/lists/* /var/cache/apt/*
`;

/** Its name changes with its content. */
export const toolImage = `switchback-sqlite:${createHash('sha256').update(dockerfile).digest('hex').slice(0, 12)}`;

/** Builds the image where it is not there yet. @throws `PreconditionFailed` where it cannot be built */
export async function ensureToolImage(
  engine: DockerEngine,
  options: CallOptions & { log: (message: string) => void },
): Promise<string> {
  if (await engine.inspectImage(toolImage, options)) return toolImage;
  options.log(`building ${toolImage}`);
  try {
    await buildImage(engine, toolImage, dockerfile, options.signal);
    return toolImage;
  } catch (error) {
    options.signal?.throwIfAborted();
    if (!(error instanceof ExecaError)) throw error;
    throw new SwitchbackError(
      'PreconditionFailed',
      `stores of SQLite need ${toolImage}, which could not be built: ${error.shortMessage}`,
      {
        hint: 'Building it needs a package archive of Debian: see to it that one is reached, or load the image with `docker load`; then retry.',
        facts: { image: toolImage },
      },
      { cause: error },
    );
  }
}

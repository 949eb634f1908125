import { createHash } from 'node:crypto';

import { SwitchbackError } from '../../runbook/errors.ts';
import { labels } from '../../runbook/names.ts';
import { buildImage, type DockerEngine } from '../docker/index.ts';
import { ExecaError } from '../processes/execa.ts';

/**
 * restic of Debian 13, since that of Debian 12 (0.14) neither leaves holes in restored files nor says by its exit code what is wrong. It
 * needs nothing newer than the C library of Debian 12, whatever mirror the base image was made with.
 */
const dockerfile = `FROM debian:bookworm-slim
RUN apt-get update -qq \\
 && apt-get install -y -qq --no-install-recommends attr ca-certificates openssl \\
 && find /etc/apt -name '*.list' -o -name '*.sources' | xargs sed -i 's/bookworm/trixie/g' \\
 && apt-get update -qq \\
 && apt-get install -y -qq --no-install-recommends restic \\
 && rm -rf /var/lib/apt/lists/* /var/cache/apt/*
LABEL ${labels.role}=helper
`;

/** Its name changes with its content, so that a newer Switchback never runs an older restic. */
export const resticImage = `switchback-restic:${createHash('sha256').update(dockerfile).digest('hex').slice(0, 12)}`;

/**
 * Makes sure that the image with restic is there, building it once (about 35 s).
 * @throws `PreconditionFailed` where it cannot be built: nothing else can read or write such a repository
 */
export async function ensureResticImage(
  engine: DockerEngine,
  options: { signal?: AbortSignal; log?: (message: string) => void } = {},
): Promise<string> {
  if (await engine.inspectImage(resticImage, options)) return resticImage;
  options.log?.(`building ${resticImage}`);
  try {
    await buildImage(engine, resticImage, dockerfile, options.signal);
    return resticImage;
  } catch (error) {
    options.signal?.throwIfAborted();
    if (!(error instanceof ExecaError)) throw error;
    throw new SwitchbackError(
      'PreconditionFailed',
      `the image with restic cannot be built on this Docker engine: ${error.shortMessage}`,
      {
        hint: `It needs debian:bookworm-slim and a Debian mirror. Or load it from another machine: \`docker save ${resticImage}\`, \`docker load\`.`,
        facts: { image: resticImage },
      },
      { cause: error },
    );
  }
}

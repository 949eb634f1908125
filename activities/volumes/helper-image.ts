import { createHash } from 'node:crypto';

import { SwitchbackError } from '../../runbook/errors.ts';
import { labels } from '../../runbook/names.ts';
import { buildImage, type CallOptions, type DockerEngine } from '../docker/index.ts';
import { ExecaError } from '../processes/execa.ts';
import type { StreamHash } from './stream-scripts.ts';

/** All that the helper needs and the base image lacks: a fast compressor, fast hashes, and encryption. */
const dockerfile = `FROM debian:bookworm-slim
RUN apt-get update -qq \\
 && apt-get install -y -qq --no-install-recommends age b3sum openssl zstd \\
 && rm -rf /var/lib/apt/lists/* /var/cache/apt/*
LABEL ${labels.role}=helper
`;

/** Its name changes with its content, so that a newer Switchback never runs an older helper. */
export const helperImage = `switchback-helper:${createHash('sha256').update(dockerfile).digest('hex').slice(0, 12)}`;

/** The image that archives and restores volumes, and what it can do. */
export interface HelperImage {
  image: string;
  /** How archives are packed: `none` where the helper could not be built. */
  packing: 'zstd' | 'none';
  /** What the streams of new archives are hashed with. */
  hash: StreamHash;
}

const whole: HelperImage = { image: helperImage, packing: 'zstd', hash: 'blake3' };

const base = 'debian:bookworm-slim';

/**
 * Makes sure that the helper image is there, building it once (about 20 s). Where it cannot be built, since no package archive is
 * reached, the base image serves: slower, and its archives are not compressed.
 * @throws `PreconditionFailed` when there is no base image either.
 */
export async function ensureHelperImage(
  engine: DockerEngine,
  options: CallOptions & { log?: (message: string) => void } = {},
): Promise<HelperImage> {
  if (await engine.inspectImage(helperImage, options)) return whole;
  if (!(await engine.inspectImage(base, options))) {
    throw new SwitchbackError('PreconditionFailed', `image ${base} is not on this Docker engine`, {
      hint: `Get it with \`docker pull ${base}\`, or run \`npm run setup\`.`,
      facts: { image: base },
    });
  }
  options.log?.(`building ${helperImage}`);
  try {
    await buildImage(engine, helperImage, dockerfile, options.signal);
    return whole;
  } catch (error) {
    options.signal?.throwIfAborted();
    if (!(error instanceof ExecaError)) throw error;
    options.log?.(`${helperImage} could not be built, so archives stay uncompressed: ${error.shortMessage}`);
    return { image: base, packing: 'none', hash: 'sha256' };
  }
}

/** @throws `PreconditionFailed` where the helper has only what the base image has: nothing that is to be encrypted is ever written plain. */
export function requireTools(helper: HelperImage, what: string): void {
  if (helper.image === helperImage) return;
  throw new SwitchbackError('PreconditionFailed', `${what} needs ${helperImage}, which could not be built`, {
    hint: 'Building it needs a package archive of Debian: see to it that one is reached, or load the image with `docker load`; then retry.',
    facts: { image: helperImage },
  });
}

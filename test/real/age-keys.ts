import { execa } from 'execa';
import { ensureHelperImage } from '../../activities/volumes/index.ts';
import type { DockerEngine } from '../../activities/docker/index.ts';

/** A pair of keys, as `age-keygen` of the helper makes it: hosts need no age. */
export interface AgeKeys {
  recipient: string;
  identity: string;
}

export async function newAgeKeys(engine: DockerEngine): Promise<AgeKeys> {
  const { stdout } = await inHelper(engine, ['age-keygen']);
  const [, recipient = ''] = /public key: (age1\S+)/.exec(stdout) ?? [];
  const [identity = ''] = /AGE-SECRET-KEY-\S+/.exec(stdout) ?? [];
  return { recipient, identity };
}

/** Runs a command in the helper image, without network; `mounts` are `HOST:CONTAINER` of folders. */
export async function inHelper(engine: DockerEngine, argv: string[], mounts: string[] = [], input = '') {
  const { image } = await ensureHelperImage(engine);
  const mounted = mounts.flatMap((mount) => ['--volume', mount]);
  return execa('docker', ['run', '--rm', '--interactive', '--network', 'none', ...mounted, image, ...argv], { input });
}

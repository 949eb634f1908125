import { constants } from 'node:fs';
import { open, stat, type FileHandle } from 'node:fs/promises';
import { SwitchbackError } from '../../../runbook/errors.ts';
import { pause } from '../../docker/index.ts';

/** A helper opens its end right after it has made the pipe; where the engine is busy, that takes a moment. */
const patienceMs = 15_000;

const codeOf = (error: unknown) => (error as NodeJS.ErrnoException).code;

/** Opens a pipe that a helper makes, for writing, once the helper reads. @throws `PreconditionFailed` where its end stays closed */
export async function openForWriting(path: string, signal: AbortSignal): Promise<FileHandle> {
  // ENXIO: it is there, and nobody reads yet.
  return patiently(signal, async () => {
    try {
      return await open(path, constants.O_WRONLY | constants.O_NONBLOCK);
    } catch (error) {
      if (codeOf(error) === 'ENXIO') return 'made';
      if (codeOf(error) === 'ENOENT') return 'absent';
      throw error;
    }
  });
}

/** Opens a pipe that a helper makes, for reading, once the helper has opened it too and left the file `opened` beside it. */
export async function openForReading(path: string, opened: string, signal: AbortSignal): Promise<FileHandle> {
  const pipe = await patiently(signal, () => whenThere(() => open(path, constants.O_RDONLY | constants.O_NONBLOCK)));
  try {
    await patiently(signal, async () => ((await whenThere(() => stat(opened))) === 'absent' ? 'made' : pipe));
    return pipe;
  } catch (error) {
    await pipe.close();
    throw error;
  }
}

async function whenThere<T>(look: () => Promise<T>): Promise<T | 'absent'> {
  return look().catch((error: unknown) => {
    if (codeOf(error) === 'ENOENT') return 'absent' as const;
    throw error;
  });
}

/** @param look `absent` while the helper has not come as far as making the pipe: whether it ever does is for its time limit */
async function patiently(
  signal: AbortSignal,
  look: () => Promise<FileHandle | 'absent' | 'made'>,
): Promise<FileHandle> {
  let deadline = Infinity;
  for (;;) {
    const found = await look();
    if (typeof found === 'object') return found;
    if (found === 'made') deadline = Math.min(deadline, performance.now() + patienceMs);
    if (performance.now() > deadline) {
      throw new SwitchbackError(
        'PreconditionFailed',
        'a pipe between this host and a container opens on one side only',
        {
          hint: 'The Docker engine runs on another machine, or in a virtual one. Encrypted backups of databases need a worker on the machine of the engine.',
        },
      );
    }
    await pause(20, signal);
  }
}

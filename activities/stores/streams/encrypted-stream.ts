import { rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import type { DockerEngine } from '../../docker/index.ts';
import { keyProblem, withIdentity, type Encrypted } from '../../encryption/index.ts';
import { helperJob, readAll, requireTools, runVolumeHelper, type HelperJob } from '../../volumes/index.ts';
import type { StoreUse } from '../store.ts';
import { openForReading, openForWriting } from './open-pipe.ts';
import { decryptScript, encryptScript } from './stream-scripts.ts';

/**
 * Packs and encrypts what a tool writes into a pipe, to a file. Nothing of it ever lies on a disk in plain. The pipe is held open until
 * the tool has ended, so that what it wrote is whole exactly where `write` did not throw.
 * @param file absolute; its folder exists
 * @throws what `write` throws; `PreconditionFailed` where there is no age; `ResourceExhausted`
 */
export async function encryptStream(
  use: StoreUse,
  engine: DockerEngine,
  file: string,
  write: (pipe: string, signal: AbortSignal) => Promise<void>,
): Promise<void> {
  await withHelper(use, engine, async (job, pipe) => {
    const encrypting = (signal: AbortSignal) =>
      runVolumeHelper(
        { ...job, signal },
        {
          role: 'encrypt',
          script: encryptScript,
          args: [basename(file), ...use.encryption.to.map((key) => `--recipient=${key}`)],
          mounts: [{ type: 'bind', source: dirname(file), target: '/point' }],
          capabilities: [...readAll, 'CHOWN'],
          fresh: true,
        },
      );
    await pairUp(use.signal, encrypting, async (signal, opened) => {
      const held = await openForWriting(pipe, signal);
      opened();
      try {
        await write(pipe, signal);
      } finally {
        await held.close();
      }
    });
  });
}

/**
 * Decrypts and unpacks a file into a pipe that a tool reads.
 * @throws what `read` throws; `AccessDenied` where the plan's private key opens nothing of it, `PreconditionFailed` where there is none
 */
export async function decryptStream<T>(
  use: StoreUse,
  engine: DockerEngine,
  file: string,
  encrypted: Encrypted,
  read: (pipe: string, signal: AbortSignal) => Promise<T>,
): Promise<T> {
  return withHelper(use, engine, async (job, pipe) =>
    withIdentity(`${job.scratch}.identity`, use.encryption, encrypted, async (identity) => {
      const decrypting = (signal: AbortSignal) =>
        runVolumeHelper(
          { ...job, signal },
          {
            role: 'decrypt',
            script: decryptScript,
            args: [basename(file)],
            mounts: [{ type: 'bind', source: dirname(file), target: '/point', readOnly: true }, identity],
            capabilities: [...readAll, 'CHOWN'],
            fresh: true,
          },
        ).catch((error: unknown) => {
          throw keyProblem(error, encrypted) ?? error;
        });
      return pairUp(use.signal, decrypting, async (signal, opened) => {
        const held = await openForReading(pipe, join(job.scratch, 'opened'), signal);
        opened();
        try {
          return await read(pipe, signal);
        } finally {
          await held.close();
        }
      });
    }),
  );
}

async function withHelper<T>(
  use: StoreUse,
  engine: DockerEngine,
  work: (job: HelperJob, pipe: string) => Promise<T>,
): Promise<T> {
  const { target, run, operation, scratch, signal } = use;
  const owner = { target, runId: run, operationId: operation, scratch, signal, log: (text: string) => use.log(text) };
  const job = await helperJob(engine, owner, use.timeoutMs);
  requireTools(job.helper, `an encrypted recovery point of store ${use.store}`);
  try {
    // What an attempt left that was killed: a pipe of its own, which nobody reads any more.
    for (const name of ['pipe', 'pipe.partial', 'opened']) await rm(join(job.scratch, name), { force: true });
    return await work(job, join(job.scratch, 'pipe'));
  } finally {
    await rm(job.scratch, { recursive: true, force: true });
  }
}

/**
 * Runs a helper and the tool at the other end of its pipe. A helper that fails ends the tool. A tool that fails closes its end, which ends
 * the helper: its error, if it has one, is the cause, and is thrown.
 */
async function pairUp<T>(
  signal: AbortSignal,
  helper: (signal: AbortSignal) => Promise<unknown>,
  tool: (signal: AbortSignal, opened: () => void) => Promise<T>,
): Promise<T> {
  const ending = { helper: new AbortController(), tool: new AbortController() };
  let joined = false;
  const helping = helper(AbortSignal.any([signal, ending.helper.signal])).catch((error: unknown) => {
    ending.tool.abort(error);
    throw error;
  });
  const working = tool(AbortSignal.any([signal, ending.tool.signal]), () => {
    joined = true;
  }).catch((error: unknown) => {
    if (!joined) ending.helper.abort(error);
    throw error;
  });
  const [helped, worked] = await Promise.allSettled([helping, working]);
  signal.throwIfAborted();
  if (helped.status === 'rejected' && !ending.helper.signal.aborted) throw helped.reason;
  if (worked.status === 'rejected') throw worked.reason;
  return worked.value;
}

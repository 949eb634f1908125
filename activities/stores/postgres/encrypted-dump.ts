import { readFile, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { namedPoint, type StoredPoint } from '../../points/index.ts';
import type { StoreUse } from '../store.ts';
import { decryptStream, encryptStream } from '../streams/encrypted-stream.ts';
import type { ToolBox } from './choose-tools.ts';
import { runTool, type ToolRun } from './run-tool.ts';

/** Parts of an encrypted recovery point: a dump in the custom format, which is read and written as one stream, and the roles. */
export const encryptedDump = 'dump.zst.age';
export const encryptedGlobals = 'globals.sql.zst.age';

/** Runs a tool that writes a file, and keeps only what that is when it is encrypted. `args` do not say where to. */
export async function dumpEncrypted(
  run: Omit<ToolRun, 'folder'>,
  file: string,
  use: StoreUse,
  box: ToolBox,
): Promise<void> {
  try {
    await encryptStream(use, box.engine, file, (pipe, signal) =>
      runTool({ ...run, args: [...run.args, `--file=${pipe}`], folder: dirname(pipe) }, { ...use, signal }, box),
    );
  } catch (error) {
    await rm(file, { force: true });
    throw error;
  }
}

/** Runs `pg_restore` on an encrypted point's dump. */
export async function restoreEncrypted(
  run: Omit<ToolRun, 'folder'>,
  point: StoredPoint,
  use: StoreUse,
  box: ToolBox,
): Promise<void> {
  await decrypting(point, encryptedDump, use, box, (pipe, signal) =>
    runTool({ ...run, args: [...run.args, '--format=custom', pipe], folder: dirname(pipe) }, { ...use, signal }, box),
  );
}

/** The text of an encrypted point's roles. */
export async function readEncryptedGlobals(point: StoredPoint, use: StoreUse, box: ToolBox): Promise<string> {
  return decrypting(point, encryptedGlobals, use, box, (pipe, signal) => readFile(pipe, { encoding: 'utf8', signal }));
}

function decrypting<T>(
  point: StoredPoint,
  name: string,
  use: StoreUse,
  box: ToolBox,
  read: (pipe: string, signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const encrypted = { what: namedPoint(point.manifest), to: point.manifest.encrypted?.to ?? [] };
  return decryptStream(use, box.engine, join(point.folder, name), encrypted, read);
}

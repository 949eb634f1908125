import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { pipeline } from 'node:stream/promises';

/** Reads a file to its end. Returns its length in bytes and its SHA-256 in hexadecimal. */
export async function hashFile(
  path: string,
  options: { signal?: AbortSignal; onBytes?: (bytes: number) => void } = {},
): Promise<{ bytes: number; sha256: string }> {
  const hash = createHash('sha256');
  let bytes = 0;
  const signal = options.signal === undefined ? {} : { signal: options.signal };
  // 1 MiB at a time: with the default of 64 KiB the event loop, not the disk, sets the pace.
  const source = createReadStream(path, { highWaterMark: 1024 * 1024 });
  await pipeline(
    source,
    async (chunks: AsyncIterable<Buffer>) => {
      for await (const chunk of chunks) {
        hash.update(chunk);
        bytes += chunk.length;
        options.onBytes?.(chunk.length);
      }
    },
    signal,
  );
  return { bytes, sha256: hash.digest('hex') };
}

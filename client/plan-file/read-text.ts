import { open, stat } from 'node:fs/promises';

/** Files of this project are pages, not books; more is a mistake, or an attack on the parser. */
export const largestFile = 256 * 1024;

export type ReadText =
  | { text: string; bytes: Buffer }
  | { problem: 'missing' | 'directory' | 'unreadable' | 'too-large' | 'not-text'; detail: string };

/** Reads a file that people write. What cannot be read comes back as a value: the caller knows where the file was named. */
export async function readText(path: string, largest = largestFile): Promise<ReadText> {
  let bytes: Buffer;
  try {
    const found = await stat(path);
    if (found.isDirectory()) return { problem: 'directory', detail: 'is a directory' };
    // A pipe or device could keep us waiting for ever.
    if (!found.isFile()) return { problem: 'unreadable', detail: 'is no regular file' };
    if (found.size > largest) return tooLarge(found.size, largest);
    const handle = await open(path, 'r');
    try {
      // It may have grown since; one byte more than allowed is enough to know.
      const buffer = Buffer.alloc(largest + 1);
      let length = 0;
      for (;;) {
        const { bytesRead } = await handle.read(buffer, length, buffer.length - length, length);
        length += bytesRead;
        if (bytesRead === 0 || length === buffer.length) break;
      }
      if (length > largest) return tooLarge(length, largest);
      bytes = Buffer.from(buffer.subarray(0, length));
    } finally {
      await handle.close();
    }
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? 'unknown error';
    if (code === 'ENOENT' || code === 'ENOTDIR') return { problem: 'missing', detail: 'does not exist' };
    if (code === 'EISDIR') return { problem: 'directory', detail: 'is a directory' };
    return { problem: 'unreadable', detail: `cannot be read (${code})` };
  }
  return decode(bytes);
}

/** UTF-8 with or without a byte order mark, and nothing that is no text. */
export function decode(bytes: Buffer): ReadText {
  let text: string;
  try {
    text = new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    // The decoder says only that, and never where.
    return { problem: 'not-text', detail: 'is not UTF-8 text' };
  }
  if (text.includes('\u0000')) return { problem: 'not-text', detail: 'is binary: it has a zero byte' };
  return { text, bytes };
}

function tooLarge(bytes: number, largest: number): ReadText {
  return {
    problem: 'too-large',
    detail: `is ${Math.ceil(bytes / 1024)} KiB, more than the ${largest / 1024} KiB that are read`,
  };
}

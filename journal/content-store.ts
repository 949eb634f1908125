import { createHmac, randomBytes } from 'node:crypto';
import { link, mkdir, open, readFile, rename, unlink } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { SwitchbackError } from '../runbook/errors.ts';

/** Where content lies below the store's folder. */
export const contentPath = (folder: string, digest: string) => join(folder, digest.slice(0, 2), digest.slice(2));

/**
 * Contents by keyed digest (HMAC-SHA256 under the home's key): env files hold guessable secrets, and digests travel through
 * Temporal, so a plain hash would let anybody who reads a history test guesses.
 */
export class ContentStore {
  constructor(
    private readonly folder: string,
    private readonly key: Buffer,
  ) {}

  /** Opens the store of a target, with the key of the home, which is made on first use. */
  static async open(folder: string, keyFile: string): Promise<ContentStore> {
    return new ContentStore(folder, await readOrCreateKey(keyFile));
  }

  digest(bytes: Buffer): string {
    return createHmac('sha256', this.key).update(bytes).digest('hex');
  }

  /** Stores bytes durably. @returns their digest */
  async keep(bytes: Buffer): Promise<string> {
    const digest = this.digest(bytes);
    const file = this.#file(digest);
    if (await this.#present(digest, file)) return digest;
    await mkdir(dirname(file), { recursive: true, mode: 0o700 });
    const partial = `${file}.${randomBytes(6).toString('hex')}.partial`;
    await writeDurably(partial, bytes);
    await rename(partial, file);
    return digest;
  }

  /** @throws SwitchbackError `IntegrityFailed` when the content is missing or is not what was kept. */
  async kept(digest: string): Promise<Buffer> {
    if (!/^[0-9a-f]{64}$/.test(digest))
      throw new SwitchbackError('IntegrityFailed', `${JSON.stringify(digest)} is not a content digest`);
    let bytes: Buffer;
    try {
      bytes = await readFile(this.#file(digest));
    } catch (error) {
      throw new SwitchbackError(
        'IntegrityFailed',
        `content ${digest.slice(0, 12)} is missing from the home`,
        {},
        { cause: error },
      );
    }
    if (this.digest(bytes) !== digest)
      throw new SwitchbackError('IntegrityFailed', `content ${digest.slice(0, 12)} in the home is damaged`);
    return bytes;
  }

  async #present(digest: string, file: string): Promise<boolean> {
    try {
      return this.digest(await readFile(file)) === digest;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return false;
      throw error;
    }
  }

  #file(digest: string): string {
    return contentPath(this.folder, digest);
  }
}

async function readOrCreateKey(file: string): Promise<Buffer> {
  for (;;) {
    try {
      const key = await readFile(file);
      if (key.length === 32) return key;
      throw new SwitchbackError('IntegrityFailed', `the home's key ${file} is damaged`, {
        hint: 'Restore it from a copy: kept contents are addressed by it.',
      });
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    }
    await mkdir(dirname(file), { recursive: true, mode: 0o700 });
    const partial = `${file}.${randomBytes(6).toString('hex')}.partial`;
    await writeDurably(partial, randomBytes(32));
    try {
      // A link fails where another process was first, which a rename would overwrite.
      await link(partial, file);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    } finally {
      await unlink(partial);
    }
  }
}

async function writeDurably(file: string, bytes: Buffer): Promise<void> {
  const handle = await open(file, 'wx', 0o600);
  try {
    await handle.writeFile(bytes);
    await handle.sync();
  } catch (error) {
    // Each attempt has a name of its own: what a full disk cut short would fill it further.
    await unlink(file);
    throw error;
  } finally {
    await handle.close();
  }
}

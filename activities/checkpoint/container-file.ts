import type { DockerEngine } from '../docker/index.ts';

/** Reads a small file of a container, whether it runs or not; undefined where there is none, or it cannot be read. */
export type FileReader = (container: string, path: string) => Promise<Buffer | undefined>;

const largest = 2 * 1024 * 1024;

export function fileReader(engine: DockerEngine, signal: AbortSignal): FileReader {
  return async (container, path) => {
    const archive = await engine.find(`read ${path} of a container`, { signal }, async (docker) => {
      const stream = await docker.getContainer(container).getArchive({ path });
      const chunks: Buffer[] = [];
      let size = 0;
      for await (const chunk of stream) {
        chunks.push(chunk as Buffer);
        size += (chunk as Buffer).length;
        if (size > largest) break;
      }
      return Buffer.concat(chunks);
    });
    return archive && onlyFile(archive);
  };
}

/** The contents of the one plain file that an archive of the engine holds. */
function onlyFile(tar: Buffer): Buffer | undefined {
  const header = 512;
  if (tar.length < header || !['0', '\0'].includes(String.fromCharCode(tar[156]!))) return undefined;
  const size = Number.parseInt(tar.subarray(124, 136).toString('latin1').replaceAll('\0', ' ').trim(), 8);
  return Number.isNaN(size) || tar.length < header + size ? undefined : tar.subarray(header, header + size);
}

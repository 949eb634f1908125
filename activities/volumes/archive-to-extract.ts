import type { Encrypted } from '../encryption/index.ts';
import type { Archive } from './archive-volume.ts';

/** What is needed to take a volume's archive apart. */
export type ArchiveToExtract = Pick<
  Archive,
  'file' | 'packing' | 'plainBytes' | 'plainHash' | 'hashedWith' | 'treeWay'
> & {
  /** The folder that it is in, on the Docker host. */
  folder: string;
  encrypted?: Encrypted;
};

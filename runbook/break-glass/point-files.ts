/** A recovery point as its manifest describes it. `folder` is absolute. */
export interface PointFiles {
  folder: string;
  /** Those that lie in the folder. */
  parts: readonly { file: string; sha256: string }[];
  /** Where the data is instead. `files`: those in it, where it is of a store. */
  snapshot?: { repository: string; id: string; files: readonly string[] };
  /** Public keys that its parts are encrypted to. */
  encryptedTo?: readonly string[];
}

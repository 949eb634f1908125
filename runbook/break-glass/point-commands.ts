import type { PointFiles } from './point-files.ts';
import { quote } from './quote.ts';

/** Says how restic is let into its repository. */
export const repositoryPassword =
  ": 'set RESTIC_PASSWORD_FILE, and for S3 AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, as the plan says'";

/** Where the private key is, the script does not know: a reference may stand for something else in this shell. */
export function keyNeeded({ encryptedTo }: PointFiles): string[] {
  if (encryptedTo === undefined) return [];
  return [
    `: 'encrypted to ${encryptedTo.join(', ')}: set KEY to the file of the private key of one of these; age is needed'`,
  ];
}

/** Prints a part, decrypted. */
export const printed = (path: string) =>
  path.endsWith('.age') ? `age --decrypt --identity "$KEY" ${quote(path)}` : `cat ${quote(path)}`;

/** With restic 0.16 or newer; what it cannot read whole, it fails on. */
export const restored = ({ repository, id }: NonNullable<PointFiles['snapshot']>, below: string, target: string) =>
  `restic --repo ${quote(repository)} restore ${quote(`${id}:${below}`)} --target ${target} --sparse --verify`;

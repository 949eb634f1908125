import { delimiter } from 'node:path';
import type { SecretSource } from './secrets.ts';

/**
 * What an environment says about secrets: `SWITCHBACK_SECRETS` (names separated by commas, `*` as a wildcard; without it, the names in the
 * stack's active env file) and `SWITCHBACK_SECRET_FOLDERS` (separated like PATH; without it, `usualFolders`).
 */
export function secretSource(environment: NodeJS.ProcessEnv): SecretSource {
  const names = environment['SWITCHBACK_SECRETS']?.split(',').map((name) => name.trim());
  const folders = environment['SWITCHBACK_SECRET_FOLDERS']?.split(delimiter);
  return {
    environment,
    ...(names && { allowed: names.filter((name) => name !== '') }),
    ...(folders && { folders: folders.filter((folder) => folder !== '') }),
  };
}

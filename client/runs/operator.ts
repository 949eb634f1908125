import { hostname, userInfo } from 'node:os';

/** Who types, as the records will name them: `user@host`. It is what the client says, and shown as such. */
export function operator(env: NodeJS.ProcessEnv = process.env): string {
  // Under sudo the person is known, and more use in a record than "root".
  return `${env['SUDO_USER'] || userInfo().username}@${hostname()}`;
}

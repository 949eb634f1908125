import { execa } from 'execa';

/** Runs `docker` and gives what it printed. @throws ExecaError with what it said */
export async function docker(words: readonly string[], signal?: AbortSignal): Promise<string> {
  const { stdout } = await execa('docker', words, {
    timeout: 120_000,
    stdin: 'ignore',
    ...(signal && { cancelSignal: signal }),
  });
  return stdout;
}

/** The words of a list, one a line. */
export async function dockerList(words: readonly string[]): Promise<string[]> {
  return (await docker(words)).split('\n').filter((line) => line !== '');
}

/**
 * `docker compose` on the shop with everything named, and an environment in which a variable of the shell cannot override the
 * env file. `HOME` and the engine's address are what the command needs itself.
 */
export async function compose(
  { project, shop }: { project: string; shop: string },
  words: readonly string[],
  signal: AbortSignal,
): Promise<string> {
  const passedOn = /^(PATH|HOME|TMPDIR|XDG_RUNTIME_DIR|SSH_AUTH_SOCK|DOCKER_.*)$/;
  const env = Object.fromEntries(Object.entries(process.env).filter(([name]) => passedOn.test(name)));
  const files = ['--project-directory', shop, '--env-file', `${shop}/.env`, '-f', `${shop}/docker-compose.yml`];
  const { stdout } = await execa('docker', ['compose', '-p', project, ...files, ...words], {
    env,
    extendEnv: false,
    cwd: shop,
    stdin: 'ignore',
    timeout: 180_000,
    cancelSignal: signal,
  });
  return stdout;
}

import { execa } from 'execa';
import { masked } from '../../activities/masking/index.ts';

/** What a `docker` command answered; `missing` where there is none on this machine, or no Compose in it. */
export type Answered = { out: string; said: string } | { problem: string; missing: boolean };

export type AskDocker = (argv: readonly string[], options?: { input?: string; profiles?: string }) => Promise<Answered>;

/** Past half a minute the daemon hangs, and what it would add is not worth the wait. */
const patienceMs = 30_000;

/**
 * Asks `docker` in a folder, without the shell's own variables: they would describe another project than the folder's files do, and
 * a worker does not have them either.
 */
export function dockerIn(cwd: string, environment: NodeJS.ProcessEnv): AskDocker {
  const env = Object.fromEntries(
    Object.entries(environment).filter(
      ([name, value]) => value !== undefined && /^(PATH|HOME|USER|DOCKER_\w+|XDG_\w+)$/.test(name),
    ),
  ) as Record<string, string>;
  return async (argv, { input, profiles } = {}) => {
    const ran = await execa('docker', argv, {
      cwd,
      env: { ...env, ...(profiles === undefined ? {} : { COMPOSE_PROFILES: profiles }) },
      extendEnv: false,
      reject: false,
      timeout: patienceMs,
      maxBuffer: 16 * 1024 * 1024,
      ...(input === undefined ? { stdin: 'ignore' as const } : { input }),
    });
    if (ran.exitCode === 0) return { out: ran.stdout, said: ran.stderr };
    const missing =
      ran.exitCode === undefined ||
      /is not a docker command|unknown (shorthand )?flag|unknown docker command/i.test(ran.stderr);
    const lines = (ran.stderr || ran.shortMessage || 'no answer').split('\n').map((line) => line.trim());
    const reason = lines.filter((line) => line !== '' && !line.startsWith('time='));
    return { problem: masked(reason.slice(-3).join('; ')).slice(0, 600), missing };
  };
}

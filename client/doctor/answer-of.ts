import { execa } from 'execa';

/** A tool that hangs is a finding as well; Docker's own client waits for ever on a dead daemon. */
const toolMs = 8_000;

/** What a tool printed, or why it did not. */
export async function answerOf(
  file: string,
  args: readonly string[],
  env: NodeJS.ProcessEnv,
  withinMs = toolMs,
): Promise<{ out: string } | { problem: string }> {
  const result = await execa(file, args, { env, extendEnv: false, timeout: withinMs, reject: false, stdin: 'ignore' });
  if (!result.failed) return { out: result.stdout.trim() };
  if (result.code === 'ENOENT') return { problem: 'not on PATH' };
  if (result.timedOut) return { problem: `no answer within ${withinMs / 1000} s` };
  return { problem: result.stderr.trim().split('\n').at(-1) || (result.shortMessage ?? 'it failed') };
}

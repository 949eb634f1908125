import type { ClusterRef } from '../../../runbook/platforms/kubernetes.ts';
import { SwitchbackError } from '../../../runbook/errors.ts';
import { masked } from '../../masking/index.ts';
import { execa } from '../../processes/execa.ts';

export interface KubectlOptions {
  signal?: AbortSignal | undefined;
  /** Written to its standard input. */
  input?: string;
  /** In milliseconds; half a minute unless told. */
  timeoutMs?: number;
}

/** What a call answered. Standard error is masked; standard output may hold secrets. */
export interface Answer {
  exitCode: number | undefined;
  stdout: string;
  stderr: string;
}

/** One call of `kubectl` in the namespace of a cluster. */
export type Kubectl = (args: readonly string[], options?: KubectlOptions) => Promise<Answer>;

/** The program that drives clusters: `SWITCHBACK_KUBECTL`, or `kubectl` of the PATH. */
export const kubectlProgram = (environment: NodeJS.ProcessEnv = process.env): string =>
  environment['SWITCHBACK_KUBECTL'] ?? 'kubectl';

/**
 * `kubectl` for one cluster. The place of credentials is in its environment, never among its arguments. Plugins that a kubeconfig names
 * for credentials need the worker's environment, so it is handed on.
 * @param kubeconfig path of the kubeconfig, with its secret reference resolved
 */
export function kubectlFor({ namespace, context }: ClusterRef, kubeconfig?: string): Kubectl {
  const where = [...(context === undefined ? [] : [`--context=${context}`]), `--namespace=${namespace}`];
  return async (args, { signal, input, timeoutMs = 30_000 } = {}) => {
    signal?.throwIfAborted();
    const ran = await execa(kubectlProgram(), [...where, ...args], {
      ...(kubeconfig === undefined ? {} : { env: { KUBECONFIG: kubeconfig } }),
      ...(input === undefined ? { stdin: 'ignore' as const } : { input }),
      ...(signal && { cancelSignal: signal }),
      cwd: '/',
      timeout: timeoutMs,
      reject: false,
      maxBuffer: 64 * 1024 * 1024,
    });
    signal?.throwIfAborted();
    if (ran.timedOut)
      throw new SwitchbackError('Unreachable', `kubectl ${args[0]} did not end within ${timeoutMs / 1000} s`);
    if (ran.exitCode === undefined)
      throw new SwitchbackError('PreconditionFailed', `kubectl cannot be run: ${ran.originalMessage ?? ''}`, {
        hint: 'Install kubectl on the host of the worker, or set SWITCHBACK_KUBECTL to its path.',
      });
    return { exitCode: ran.exitCode, stdout: ran.stdout, stderr: masked(ran.stderr) };
  };
}

const unreachable =
  /connection refused|i\/o timeout|no route to host|TLS handshake|EOF|ServiceUnavailable|no such host/i;

/** The error of a call that failed, with the cluster's own words. */
export function refusal(doing: string, { stderr }: Answer): SwitchbackError {
  const said = stderr.trim().split('\n').slice(0, 5).join(' | ').slice(0, 800);
  const forbidden = /\(?Forbidden\)?|Unauthorized|must be logged in/i.test(stderr);
  const name = forbidden ? 'AccessDenied' : unreachable.test(stderr) ? 'Unreachable' : 'PreconditionFailed';
  return new SwitchbackError(name, `${doing}: ${said === '' ? 'kubectl said nothing' : said}`);
}

/** Standard output of a call. @throws SwitchbackError `AccessDenied`, `Unreachable`, `PreconditionFailed` */
export async function answered(
  kubectl: Kubectl,
  doing: string,
  args: readonly string[],
  options?: KubectlOptions,
): Promise<string> {
  const answer = await kubectl(args, options);
  if (answer.exitCode !== 0) throw refusal(doing, answer);
  return answer.stdout;
}

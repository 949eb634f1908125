import { SwitchbackError } from '../../runbook/errors.ts';
import { steeringOf } from '../../runbook/steering.ts';
import { dockerEnvironment } from '../docker/index.ts';

/**
 * The environment that `docker compose` gets. A shell's variables override the env file, so nothing of the worker's own environment
 * comes through but names that locate the engine; the engine is named outright, since a Docker context could name another one.
 */
export function composeEnvironment(environment: NodeJS.ProcessEnv, dockerHost: string): Record<string, string> {
  return { ...dockerEnvironment(environment, dockerHost), DOCKER_CLI_HINTS: 'false' };
}

/** Names that an env file sets; values are never looked at. */
export function namesInEnvFile(content: string): string[] {
  return content.split(/\r?\n/).flatMap((line) => {
    const name = /^\s*(?:export\s+)?([A-Za-z_]\w*)\s*(?:[=:]|$)/.exec(line)?.[1];
    return name === undefined ? [] : [name];
  });
}

/** @throws SwitchbackError `PreconditionFailed` when an env file would change how `docker compose` itself works, see `steeringOf`. */
export function refuseSteering(path: string, content: string): void {
  const names = namesInEnvFile(content).filter((name) => steeringOf(name) === 'steers');
  if (names.length === 0) return;
  throw new SwitchbackError(
    'PreconditionFailed',
    `${path} sets ${names.join(', ')}, which would change how Compose itself works`,
    {
      hint: 'Take it out: the project, its files and the engine are named by the plan and the worker.',
      facts: { file: path, names: names.join(', ') },
    },
  );
}

import { SwitchbackError } from '../../runbook/errors.ts';

/** What the engine itself answered; Compose prints it somewhere among what it did to other containers. */
export function engineReason(stderr: string): string | undefined {
  return /Error response from daemon: ([^\n]+)/.exec(stderr)?.[1]?.trim().slice(0, 400);
}

/** The engine's reason, or the last lines of what a command said: the reason stands there. */
function reasonIn(stderr: string): string {
  const engine = engineReason(stderr);
  if (engine !== undefined) return engine;
  const lines = stderr
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '' && !/^(Container|Network|Volume|Image) /.test(line) && !line.startsWith('time='));
  return lines.slice(-3).join('; ').slice(0, 600);
}

const foreignName = /container name "\/?([^"]+)" is already in use by container "?([0-9a-f]{12,64})/i;

/** How to make room for a container whose name somebody else's container has. */
export function nameTaken(name: string, owner: string): SwitchbackError {
  return new SwitchbackError('Conflict', `the container name ${name} is taken by ${owner}`, {
    hint: `Look whether it is still needed, then remove it with \`docker rm -f ${name}\` or rename it with \`docker rename ${name} ${name}-old\`, and resume.`,
    facts: { container: name },
  });
}

/** Translates what `docker compose` said on its way out. */
export function composeFailure(command: string, exitCode: number | undefined, stderr: string): SwitchbackError {
  const reason = reasonIn(stderr);
  const message = `docker compose ${command} exited with ${exitCode ?? 'a signal'}: ${reason === '' ? 'it said nothing' : reason}`;
  const name = foreignName.exec(stderr);
  if (name) return nameTaken(name[1]!, `container ${name[2]!.slice(0, 12)}`);
  if (/port is already allocated|address already in use/i.test(stderr)) {
    return new SwitchbackError('Conflict', message, {
      hint: 'Find what listens on that port (`docker ps`, `ss -ltnp`), stop it, then resume.',
    });
  }
  if (/no space left on device/i.test(stderr)) {
    return new SwitchbackError('ResourceExhausted', message, {
      hint: 'Free disk space on the Docker host, then resume.',
    });
  }
  if (/cannot connect to the docker daemon|error during connect|EOF$/im.test(stderr)) {
    return new SwitchbackError('Unreachable', message, { hint: 'Start the Docker daemon; `docker info` must answer.' });
  }
  if (/no such image|pull access denied|image .* not found/i.test(stderr)) {
    return new SwitchbackError('PreconditionFailed', message, {
      hint: 'Pull or build the image on this host: Switchback never does so by itself.',
    });
  }
  if (command === 'config') {
    return new SwitchbackError('PlanInvalid', message, { hint: 'Correct the Compose file or its env file.' });
  }
  const engine = engineReason(stderr);
  return new SwitchbackError('StepFailed', message, engine === undefined ? {} : { facts: { engine } });
}

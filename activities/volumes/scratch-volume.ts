import { SwitchbackError } from '../../runbook/errors.ts';
import { carries } from '../docker/index.ts';
import type { CallOptions, DockerEngine, Labels } from '../docker/index.ts';

/**
 * Makes a volume of our own, or takes the one that an earlier attempt made.
 * @throws `Conflict` when somebody else has a volume of that name: Docker would hand it out without a word.
 */
export async function ensureOwnVolume(
  engine: DockerEngine,
  name: string,
  labels: Labels,
  options: CallOptions = {},
): Promise<void> {
  const found = await engine.inspectVolume(name, options);
  if (!found) {
    await engine.call(`create volume ${name}`, options, (docker) =>
      docker.createVolume({ Name: name, Driver: 'local', Labels: labels }),
    );
  }
  // Looked at after the creation too: of two that create at once, both are told "created".
  const now = found ?? (await engine.inspectVolume(name, options));
  if (carries(now?.Labels, labels)) return;
  throw new SwitchbackError('Conflict', `the name ${name} is taken by a volume that is not ours`, {
    hint: `Look whose it is with \`docker volume inspect ${name}\`.`,
    facts: { volume: name },
  });
}

/**
 * Removes a volume that carries all of the labels; one that is gone is fine.
 * @throws `Protected` when the volume of that name is not ours.
 */
export async function removeOwnVolume(
  engine: DockerEngine,
  name: string,
  labels: Labels,
  options: CallOptions = {},
): Promise<void> {
  const found = await engine.inspectVolume(name, options);
  if (!found) return;
  if (Object.keys(labels).length === 0 || !carries(found.Labels, labels)) {
    throw new SwitchbackError('Protected', `volume ${name} does not carry this operation's labels`, {
      hint: `Look whose it is with \`docker volume inspect ${name}\`; Switchback removes only what it made.`,
      facts: { volume: name },
    });
  }
  await engine.find(`remove volume ${name}`, options, (docker) => docker.getVolume(name).remove());
}

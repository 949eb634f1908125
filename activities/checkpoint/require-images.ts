import { SwitchbackError } from '../../runbook/errors.ts';
import type { WorldContainer } from '../compose/index.ts';
import type { LoadedCheckpoint } from './load-checkpoint.ts';

/** @throws SwitchbackError `ValidationMismatch` when a container was made from another image than was looked up before */
export function requireImages(
  loaded: LoadedCheckpoint,
  own: readonly WorldContainer[],
  services: readonly string[],
): void {
  for (const { service, name, imageId } of own) {
    if (service === undefined || !services.includes(service)) continue;
    const expected = loaded.images[service];
    if (expected === undefined || imageId === expected) continue;
    throw new SwitchbackError('ValidationMismatch', `service ${service} runs image ${imageId}, not ${expected}`, {
      hint: 'Somebody moved the tag of its image meanwhile: look at `docker images`, then retry.',
      facts: { service, container: name },
    });
  }
}

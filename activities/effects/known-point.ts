import { SwitchbackError } from '../../runbook/errors.ts';
import type { EffectContext } from '../effect.ts';
import { encryptionOf, requireIdentity } from '../encryption/index.ts';
import { namedPoint, type PointManifest } from '../points/index.ts';

/** @throws `PreconditionFailed` when it is encrypted and the plan names no private key: better now than after hours of reading */
export function requireOpenable(context: Parameters<typeof encryptionOf>[0], manifest: PointManifest): void {
  const { encrypted } = manifest;
  if (encrypted) requireIdentity(encryptionOf(context), { what: namedPoint(manifest), to: encrypted.to });
}

/** @throws `IntegrityFailed` when another point stands where the journal saw one sealed: an older one that was put in its place */
export async function requireKnownPoint(
  context: Pick<EffectContext, 'factsOf'>,
  manifest: PointManifest,
): Promise<void> {
  const receipt = await context.factsOf(manifest.operation, manifest.run);
  const known = receipt?.['seal'];
  if (known === undefined || known === manifest.seal) return;
  throw new SwitchbackError(
    'IntegrityFailed',
    `recovery point ${manifest.point} is not the one that the journal knows`,
    {
      hint: 'Somebody put another backup in its place; find the one with the seal that the receipt names.',
      facts: { known: JSON.stringify(known), found: manifest.seal ?? '' },
    },
  );
}

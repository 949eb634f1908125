import type { ComposeModel } from './compose-model.ts';

const secretName = /pass|secret|token|credential|private|api_?key|access_?key|auth|dsn|_url$|^url$|_uri$/i;

/** Values in a model's environments that are secret by their name; what is shorter than 4 characters would mask half the log. */
export function secretValues(model: ComposeModel): string[] {
  const values = Object.values(model.services).flatMap((service) =>
    Object.entries(service.environment ?? {}).flatMap(([name, value]) =>
      secretName.test(name) && value !== null && value.length >= 4 ? [value] : [],
    ),
  );
  // The longest first, so that one which contains another is masked whole.
  return [...new Set(values)].sort((a, b) => b.length - a.length);
}

/** Takes secrets out of a text that somebody else wrote: known values, and passwords inside of URLs. */
export function maskSecrets(text: string, values: readonly string[]): string {
  const masked = values.reduce((masking, value) => masking.replaceAll(value, '***'), text);
  return masked.replaceAll(/([a-z][a-z0-9+.-]*:\/\/[^\s:/@]*):[^\s@/]+@/gi, '$1:***@');
}

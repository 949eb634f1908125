import { referencesIn, replaceReferences } from '../plan/secret-reference.ts';
import type { StoreRef } from '../stores/store-kind.ts';

const password = /:\/\/[^/?#]*:[^@]+@|[?&]password=[^&]/;

/** How a script reaches a store: variables of its step. Secrets are references; one that is written out is not repeated. */
export function storeAddress(name: string, ref: StoreRef<'postgres'>): Record<string, string | string[]> {
  if (ref.url !== undefined) {
    // A password that somebody wrote into a URL must not get into another file: the URL is asked for instead.
    const writtenOut = password.test(replaceReferences(ref.url, () => ''));
    return { store: name, store_secret: writtenOut ? [`env:${urlVariable(name)}`] : pieces(ref.url) };
  }
  const user = ref.user ?? 'postgres';
  const secret = ref.password === undefined ? [] : pieces(ref.password);
  return {
    store: name,
    store_service: ref.service ?? '',
    store_user: user,
    store_database: ref.database ?? user,
    store_secret: secret.some((piece) => !piece.startsWith('text:')) ? secret : [],
  };
}

export const urlVariable = (store: string) => `SWITCHBACK_URL_${store.toUpperCase().replace(/[^A-Z0-9]/g, '_')}`;

/** `text:…`, `env:NAME` and `file:PATH`, in the order in which they make the whole. */
function pieces(template: string): string[] {
  const found: string[] = [];
  let end = 0;
  for (const reference of referencesIn(template)) {
    if (reference.start > end) found.push(`text:${template.slice(end, reference.start)}`);
    found.push(`${reference.kind}:${reference.name}`);
    end = reference.end;
  }
  if (end < template.length) found.push(`text:${template.slice(end)}`);
  return found;
}

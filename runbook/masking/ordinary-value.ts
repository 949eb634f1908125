/** Settings that everybody may read: what messages are made of. To mask them would hide what happened. */

const path = /^(?:~|\.{0,2})\/[\w.@+ -]*(?:\/[\w.@+ -]*)*$|^[A-Za-z]:\\[\w.\\ -]*$/;
const number = /^[+-]?\d[\d_.,]*\s?(?:[kmgt]i?b?|b|ms|us|s|m|h|d|w|%|mhz|ghz)?$/i;
const moment = /^\d{4}-\d\d-\d\d(?:[T ][\d:.]+(?:Z|[+-]\d\d:?\d\d)?)?$/;
const host =
  /^(?:localhost|\d{1,3}(?:\.\d{1,3}){3}|\[[\da-f:]+\]|[a-z][a-z0-9-]{0,40}(?:\.[a-z][a-z0-9-]{0,40})+)(?::\d{1,5})?$/;
const service = /^[a-z][a-z_-]{0,40}:\d{1,5}$/;
const version = String.raw`(?:latest|stable|alpine|main|v?\d{1,4}(?:\.\d{1,4})*(?:[.-][a-z0-9.]{1,16})*)`;
const image = new RegExp(`^(?:[a-z0-9][a-z0-9.-]*(?::\\d+)?/)*[a-z][a-z0-9._-]*(?::${version}|@sha256:[0-9a-f]{64})$`);
const versionAlone = /^v?\d{1,4}(?:\.\d{1,4})+(?:[.-][a-z0-9.]{1,16})*$/;
const zone = /^[A-Z][A-Za-z]+(?:\/[A-Z][A-Za-z_]+)+$|^[a-z]{2}_[A-Z]{2}(?:\.[\w-]+)?$/;
const cidr = /^\d{1,3}(?:\.\d{1,3}){3}\/\d{1,2}$/;
const words = new Set(
  `production development staging testing information informational warning critical disabled enabled required optional
  readonly readwrite read-only read-write unless-stopped on-failure primary secondary replica standalone cluster internal external unlimited automatic`.split(
    /\s+/,
  ),
);

/** @param known names of services, volumes, images and the like */
export function isOrdinary(value: string, known: ReadonlySet<string>): boolean {
  const text = value.trim();
  if (known.has(text) || words.has(text.toLowerCase())) return true;
  if ([path, number, moment, host, service, image, versionAlone, zone, cidr].some((form) => form.test(text)))
    return true;
  if (/[,;\s]/.test(text)) {
    const parts = text.split(/[,;\s]+/).filter((part) => part !== '');
    return parts.length > 1 && parts.every((part) => part.length < 4 || isOrdinary(part, known) || isPlainWord(part));
  }
  return isPlainUrl(text);
}

/** Lower-case letters in short words: the parts of names, seldom of secrets. */
const isPlainWord = (text: string) => /^[a-z]{1,11}$|^[A-Z][a-z]{1,10}$/.test(text);

/** Letters in words, such as `warehouse_app`: a name, where the variable's own name says so. */
export const isWordy = (text: string) => /^[A-Za-z]{1,15}(?:[_-][A-Za-z]{1,15})*$/.test(text);

/** A URL without anything in it that could be a key. */
export function isPlainUrl(text: string): boolean {
  const parts = /^[a-z][a-z0-9+.-]*:\/\/(?:[\w.-]{0,40}@)?([\w.-]+|\[[\da-f:]+\])(?::\d+)?((?:\/[^?#]*)?)$/i.exec(text);
  if (!parts) return false;
  return parts[2]!.split('/').every((part) => part.length < 8 || /^[a-z]{1,16}(?:[._-][a-z]{1,16})*$/.test(part));
}

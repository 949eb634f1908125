/** The ways in which a program writes a text that it was given: escaped, quoted and encoded. */

const upToHere = 4096;

/** Every spelling of a secret that must not be seen. The shortest has 4 characters. */
export function formsOf(secret: string): Set<string> {
  const forms = new Set<string>();
  const text = secret.slice(0, upToHere);
  for (const plain of new Set([text, text.trim()])) {
    for (const form of [plain, ...escaped(plain), ...percentEncoded(plain)]) if (form.length >= 4) forms.add(form);
    for (const form of [...base64Cores(plain), hex(plain)]) if (form.length >= 6) forms.add(form);
  }
  return forms;
}

function escaped(text: string): string[] {
  const json = JSON.stringify(text).slice(1, -1);
  return [
    json,
    JSON.stringify(json).slice(1, -1),
    json.replaceAll('/', '\\/'),
    // Go escapes what could be HTML; Python and PHP everything that is not ASCII.
    json.replace(/[<>&]/g, unicode),
    json.replace(/[^\x20-\x7e]/g, unicode),
    text.replaceAll('$', '$$$$'),
    text.replaceAll("'", "''"),
    text.replaceAll("'", "'\\''"),
    text.replaceAll("'", "\\'"),
    text.replaceAll('"', '\\"'),
    text.replace(/[^\w@%+=:,./-]/g, (letter) => `\\${letter}`),
    text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;'),
  ];
}

const unicode = (letter: string) => `\\u${letter.charCodeAt(0).toString(16).padStart(4, '0')}`;

function percentEncoded(text: string): string[] {
  try {
    const plain = encodeURIComponent(text);
    const strict = plain.replace(/[!'()*]/g, (letter) => `%${letter.charCodeAt(0).toString(16).toUpperCase()}`);
    const forms = [plain, strict].flatMap((each) => [each, each.replaceAll('%20', '+')]);
    const all = [...forms, encodeURI(text)];
    return [...all, ...all.map((each) => each.replace(/%[0-9A-F]{2}/g, (code) => code.toLowerCase()))];
  } catch {
    // A half of a surrogate pair has no encoding.
    return [];
  }
}

const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/';

/** What stands in base64 of any text that holds the secret: for each of three places at which it can begin. */
function base64Cores(text: string): string[] {
  const bytes = new TextEncoder().encode(text);
  const cores = [0, 1, 2].map((before) => {
    const bits = [...new Uint8Array(before), ...bytes].map((byte) => byte.toString(2).padStart(8, '0')).join('');
    const letters = bits.match(/[01]{6}/g) ?? [];
    return letters
      .map((letter) => alphabet[parseInt(letter, 2)]!)
      .slice([0, 2, 3][before])
      .join('');
  });
  return [...cores, ...cores.map((core) => core.replaceAll('+', '-').replaceAll('/', '_'))];
}

const hex = (text: string) =>
  [...new TextEncoder().encode(text)].map((byte) => byte.toString(16).padStart(2, '0')).join('');

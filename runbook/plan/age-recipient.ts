const alphabet = 'qpzry9x8gf2tvdw0s3jn54khce6mua7l';
const generators = [0x3b6a57b2, 0x26508e6d, 0x1ea119fa, 0x3d4233dd, 0x2a1462b3];

/** The checksum of BIP 173 (https://github.com/bitcoin/bips/blob/master/bip-0173.mediawiki) over five-bit values: 1 where it holds. */
function checksum(values: readonly number[]): number {
  let sum = 1;
  for (const value of values) {
    const top = sum >>> 25;
    sum = ((sum & 0x1ffffff) << 5) ^ value;
    generators.forEach((generator, bit) => {
      if ((top >>> bit) & 1) sum ^= generator;
    });
  }
  return sum;
}

/** `age1` and 32 bytes with a checksum: a key that was mistyped or cut encrypts to nobody, and is found out only when it is needed. */
function isX25519(text: string): boolean {
  if (!/^age1[a-z0-9]{58}$/.test(text)) return false;
  const data = [...text.slice('age1'.length)].map((letter) => alphabet.indexOf(letter));
  // The prefix `age`, letter by letter.
  const prefix = [97, 103, 101];
  const expanded = [...prefix.map((code) => code >> 5), 0, ...prefix.map((code) => code & 31)];
  return !data.includes(-1) && checksum([...expanded, ...data]) === 1;
}

/** In base64, length and name of the kind come first; an Ed25519 key is of one length. */
const ssh =
  /^(ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAI[A-Za-z0-9+/]{43}|ssh-rsa AAAAB3NzaC1yc2EAAAA[A-Za-z0-9+/]{100,2000}={0,2})( [^\n]{1,200})?$/;

/**
 * Why a text is no public key that age encrypts to, with a hint; undefined where it is one: `age1…`, or a public key of SSH.
 * A plugin's key (`age1yubikey1…`) would need the plugin's program in the helper.
 */
export function recipientProblem(text: string): { is: string; hint: string } | undefined {
  if (isX25519(text) || ssh.test(text)) return undefined;
  if (/^age1[a-z0-9]+1/.test(text)) {
    return { is: 'is a key of a plugin', hint: 'Use a plain key of `age-keygen`, or a public key of SSH.' };
  }
  if (text.startsWith('age1')) {
    return { is: 'is no key of age: its checksum does not hold', hint: 'Copy it again, all of its 62 characters.' };
  }
  return {
    is: 'is no public key',
    hint: 'Write what `age-keygen` prints as the public key (`age1…`), or a line `ssh-ed25519 …` or `ssh-rsa …`.',
  };
}

/** A recipient as it is kept and compared: an SSH key without the comment behind it. */
export const plainRecipient = (text: string) =>
  text.startsWith('ssh-') ? text.split(' ').slice(0, 2).join(' ') : text;

/**
 * For scripts in helper containers; the private key is mounted at /identity.
 *
 * `require_key FILE` ends the script with 77 where the key opens nothing of the file, and with 78 where it cannot be read as a key: what age
 * says then is kept from the log, since it may quote the key. Other damage is left to who reads all of the file.
 */
export const requireKey = `
require_key() {
  local bytes
  bytes=$({ age --decrypt --identity /identity "$1" 2>/tmp/refusal || true; } | head --bytes=1 | wc --bytes)
  if [ "$bytes" -eq 1 ]; then return 0; fi
  if grep --quiet 'no identity matched' /tmp/refusal; then exit 77; fi
  if grep --quiet --ignore-case 'identity\\|identities\\|secret key\\|passphrase\\|private key' /tmp/refusal; then exit 78; fi
}
`;

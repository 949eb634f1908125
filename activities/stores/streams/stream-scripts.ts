import { requireKey } from '../../encryption/index.ts';

/** Made under another name first: whoever finds it may open it. */
const makePipe = `
mkfifo --mode=600 /progress/pipe.partial
chown --reference=/progress /progress/pipe.partial
mv /progress/pipe.partial /progress/pipe
`;

/** Packs and encrypts what comes through the pipe, to /point/$1; options for age follow. Ends when all writers have closed the pipe. */
export const encryptScript = `set -euo pipefail
rm -f "/progress/$0"
: >"/point/$1"
${makePipe}
exec 3</progress/pipe
zstd --quiet --threads=0 -2 --stdout <&3 | age --encrypt "\${@:2}" >"/point/$1"
chown --reference=/point "/point/$1"
: >"/progress/$0"
`;

/** Decrypts and unpacks /point/$1 into the pipe. A reader that has enough, or has failed, tells for itself how that was. */
export const decryptScript = `set -euo pipefail
rm -f "/progress/$0"
${requireKey}
require_key "/point/$1"
${makePipe}
exec 3>/progress/pipe
: >/progress/opened
set +e
age --decrypt --identity /identity "/point/$1" | zstd --quiet --decompress --stdout >&3
codes=("\${PIPESTATUS[@]}")
set -e
# 141: ended by a broken pipe.
for code in "\${codes[@]}"; do if [ "$code" -ne 0 ] && [ "$code" -ne 141 ]; then exit 1; fi; done
# Four times what a pipe holds: else all of a short stream may lie in it before the reader comes, and to open a pipe that nobody writes to any
# more takes for ever. Empty lines mean nothing after SQL, and pg_restore never comes to them.
{ head --bytes=262144 /dev/zero | tr '\\0' '\\n' >&3; } 2>/dev/null || true
: >"/progress/$0"
`;

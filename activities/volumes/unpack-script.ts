import { requireKey } from '../encryption/index.ts';

/**
 * For scripts that read the archive /point/$1, packed as $2 says: `unpack "$1" "$2"` prints its tar stream. Its name tells whether it is
 * encrypted; `require_key`, called first, ends the script where the key is the wrong one.
 */
export const unpack = `${requireKey}
inflate() { if [ "$1" = zstd ]; then zstd --quiet --decompress --stdout; else cat; fi; }
is_encrypted() { case "$1" in *.age) return 0 ;; esac; return 1; }
unpack() {
  if is_encrypted "$1"; then age --decrypt --identity /identity "/point/$1" | inflate "$2"; else inflate "$2" <"/point/$1"; fi
}
`;

/**
 * What runs inside helpers of restic: constant texts for `bash -c`; every value comes as an argument or from a file in /secrets, so nothing
 * is ever interpolated. `$0` is the file in /progress that the answer goes to. Exit codes are restic's own; those from 70 on are ours.
 */

/** Opens what the others need. Without a cache: it would be made anew in every container. */
export const prelude = `set -uo pipefail
export LC_ALL=C RESTIC_PASSWORD_FILE=/secrets/password RESTIC_PROGRESS_FPS=1
rm -f "/progress/$0"
set -a; . /secrets/environment; set +a
# So that no restic that takes a lock has a number as low as any thread of the one that unlocks; see there.
if [ "$0" != unlock ]; then for n in {1..60}; do (:); done; fi
run() { restic --no-cache "$@"; }
if [ -n "$SERVER" ]; then
  # shellcheck disable=SC2086
  timeout 20 bash -c 'exec 3<>"/dev/tcp/$0/$1"' $SERVER || { echo "no answer from $SERVER" >&2; exit 71; }
fi
# Passes the progress on, and the last line of all: the summary.
tell() { perl -ne '
  if (/"message_type":"status"/) { my ($n) = /"bytes_(?:done|restored)":(\\d+)/; if (defined $n && open my $file, ">", "/progress/bytes") { print $file $n; close $file } }
  elsif (/"message_type":"summary"/) { print }' >/tmp/summary; }
digest() { openssl dgst -sha256 -r | cut -c1-64; }
`;

/**
 * Two digests of the tree in $1. \`metadata\`: what must come back beside the contents: kinds, owners, modes, lengths, times, link targets,
 * hard links of files, numbers of devices, extended attributes and ACLs. \`moment\`: inodes and change times, which differ as soon as anybody
 * has touched anything. Neither reads a file's content.
 */
export const listing = `
metadata() { ( cd "$1" && {
    find . -xdev -type d -printf 'd %m %U:%G %T@ %p\\0'
    find . -xdev -type f -printf 'f %m %U:%G %s %T@ %p\\0'
    find . -xdev -type l -printf 'l %U:%G %T@ %p\\001%l\\0'
    find . -xdev -type p -printf 'p %m %U:%G %T@ %p\\0'
    find . -xdev \\( -type b -o -type c \\) -exec stat --printf='%f %t:%T %u:%g %y %n\\0' {} +
    find . -xdev -type f -links +1 -printf '%i %p\\0' | sort -z -k2 | perl -0 -ne '/^(\\d+) (.*)\\0$/s; $first{$1} //= $2; print "= $2\\001$first{$1}\\0"'
  } 2>/dev/null | sort -z
  find . -xdev ! -type s -print0 2>/dev/null | sort -z | xargs -0 -r getfattr --no-dereference --dump --match=- --encoding=hex --absolute-names -- 2>/dev/null
  ) | digest; }
moment() { ( cd "$1" && find . -xdev -printf '%i %C@ %p\\0' 2>/dev/null | sort -z ) | digest; }
`;

/** Way in which \`listing\` looks; a way that was ever used is never changed. */
export const listingWay = 1;

/**
 * Takes a snapshot of $1 for host $2 with the tags that follow $3; makes the repository where $3 is \`make\` and there is none. A file that went
 * away while it was read is told by the moments that differ; whatever else cannot be read makes it fail.
 */
export const backupScript = `${listing}
path=$1 host=$2 make=$3; shift 3
tags=(); for tag in "$@"; do tags+=(--tag "$tag"); done
began=$(date --utc +%FT%T.%NZ)
before=$(moment "$path")
take() { run backup --json --one-file-system --host "$host" "\${tags[@]}" "$path" 2>/tmp/said | tell; }
take; code=$?
if [ "$code" = 10 ] && [ "$make" = make ]; then
  if [ "$RESTIC_REPOSITORY" = /repository ] && [ -n "$(ls -A /repository)" ]; then exit 72; fi
  run init >/dev/null || exit $?
  take; code=$?
fi
if [ "$code" = 3 ] && ! grep '"message_type":"error"' /tmp/said | grep -qv 'no such file or directory'; then code=0; fi
if [ "$code" != 0 ]; then tail -5 /tmp/said >&2; exit "$code"; fi
metadata=$(metadata "$path")
printf '{"began":"%s","changed":%s,"metadata":"%s","summary":%s}\\n' "$began" \\
  "$([ "$before" = "$(moment "$path")" ] && echo false || echo true)" "$metadata" "$(cat /tmp/summary)" >"/progress/$0"
`;

/**
 * Empties /out/$2, restores it from snapshot $1, reads back what was written and compares it, and forces it to disk. Prints the digest of its
 * metadata, and how long the restore took until all was on disk.
 */
export const restoreScript = `${listing}
find "/out/$2" -xdev -mindepth 1 -delete || exit 1
began=$(date +%s%N)
run restore "$1" --json --target /out --include "/$2" --sparse --verify 2>/tmp/said | tell || { code=$?; tail -5 /tmp/said >&2; exit "$code"; }
sync -f "/out/$2" || exit 1
took=$(( ($(date +%s%N) - began) / 1000000 ))
printf '{"tookMs":%d,"metadata":"%s"}\\n' "$took" "$(metadata "/out/$2")" >"/progress/$0"
`;

/** Reads all that snapshot $1 holds: every piece is compared with the hash that names it. */
export const readScript = `
run dump "$1" / 2>/tmp/said >/dev/null || {
  code=$?
  # Where a folder's own description is damaged, this restic loses its head: that is told by its first word, not by its last.
  tail -5 /tmp/said >&2; grep -m 1 '^panic: ' /tmp/said >&2
  exit "$code"
}
: >"/progress/$0"
`;

/** Reads the whole repository. */
export const checkScript = `
run check --read-data >/tmp/said 2>&1 || { code=$?; grep -v '^\\[' /tmp/said | tail -5 >&2; exit "$code"; }
: >"/progress/$0"
`;

/** All snapshots with a tag $1, as JSON. */
export const snapshotsScript = `run snapshots --json --no-lock --tag "$1" >"/progress/$0" || exit $?
`;

/** Removes the snapshots that are named, those of them that there are, and what nothing else needs of their data. */
export const forgetScript = `run forget --prune "$@" >/tmp/said 2>&1 || { code=$?; tail -5 /tmp/said >&2; exit "$code"; }
cp /tmp/said "/progress/$0"
`;

/** All locks, a line of JSON for each. One that goes away meanwhile is none. */
export const locksScript = `locks=$(run list locks --no-lock) || exit $?
for lock in $(echo "$locks" | head -20); do run cat lock "$lock" --no-lock 2>/dev/null | tr -d '\\n'; echo; done >"/progress/$0"
`;

/**
 * restic calls a lock stale when its host has the same name, and no process or thread of its number. Here there are only those of this
 * restic, with the lowest numbers that there are; see the prelude.
 */
export const unlockScript = `: >"/progress/$0"
GOMAXPROCS=1 exec restic --no-cache unlock
`;

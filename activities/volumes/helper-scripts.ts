import { readTree, relay } from './stream-scripts.ts';
import { tarReader } from './tar-script.ts';
import { unpack } from './unpack-script.ts';

/**
 * What runs inside helper containers: constant texts for `bash -c`; every value comes as an argument, so nothing is ever
 * interpolated. $0 is the file in /progress that the answer goes to: a log mixes its two streams as it likes. The tools are those
 * of debian:bookworm-slim, plus zstd, openssl and b3sum where the helper image could be built.
 */

/**
 * Writes to file $2 one line of JSON about the tree in $1, and about the room that its file system has. It names nothing of what it finds and
 * follows no link, so that it may also run outside of a container.
 */
export const surveyScript = `set -euo pipefail
rm -f "$2"
cd "$1"
{
# Files may vanish under find while the volume is in use: the survey is an estimate.
{ find . -xdev -printf '%y %s %b\\n' 2>/dev/null || true; } | awk '
  { n[$1]++; if ($1 == "f") bytes += $2; blocks += $3 }
  END { printf "{\\"files\\":%.0f,\\"folders\\":%.0f,\\"others\\":%.0f,\\"bytes\\":%.0f,\\"diskBytes\\":%.0f,", n["f"], n["d"], NR-n["f"]-n["d"], bytes, blocks*512 }'
stat --printf='"inode":"%i","born":"%W",' .
df --block-size=1 --output=avail,iavail . | awk 'NR == 2 { printf "\\"freeBytes\\":%.0f,\\"freeInodes\\":%.0f}\\n", $1, ($2 == "-" ? -1 : $2) }'
} >"$2"
`;

/**
 * Writes to file $2, with NUL after each, folder and version of every PostgreSQL data folder in the tree $1. A link is not followed: it may
 * lead anywhere.
 */
export const findClustersScript = `set -euo pipefail
rm -f "$2"
cd "$1"
{ find . -xdev -maxdepth 7 -path '*/global/pg_control' -type f -print0 2>/dev/null || true; } | while IFS= read -r -d '' file; do
  folder=\${file%/global/pg_control}
  if [ -f "$folder/PG_VERSION" ] && [ ! -L "$folder/PG_VERSION" ]; then
    printf '%s\\0%s\\0' "\${folder#.}" "$(head -c 16 "$folder/PG_VERSION")"
  fi
done >"$2"
`;

/**
 * Writes to file $2, with NUL after each, kind, mode, owner, size, time of change and path of all entries in the tree $1; `too many` where
 * there are more than $3. Files may come and go under find.
 */
export const listEntriesScript = `set -euo pipefail
rm -f "$2"
cd "$1"
{ find . -xdev -mindepth 1 \\( -type d -printf '%y %m %U:%G - - %P\\0' -o -printf '%y %m %U:%G %s %C@ %P\\0' \\) 2>/dev/null || true; } |
  head --zero-terminated --lines="$3" >"$2"
if [ "$(tr -dc '\\0' <"$2" | wc -c)" -ge "$3" ]; then printf 'too many' >"$2"; fi
`;

/** Lists /source, with NUL between records: `KIND MODE OWNER SIZE ./PATH`, and `sha256 HASH ./PATH` of each file. */
export const listScript = `set -euo pipefail
rm -f "/progress/$0"
cd /source
{
# A directory's size says how many entries it has had.
find . -xdev -type d -printf '%y %m %U:%G - %p\\0'
find . -xdev ! -type d -printf '%y %m %U:%G %s %p\\0'
find . -xdev -type f -print0 | xargs -0 -r sha256sum -z -- | perl -0 -pe 's/^(\\S{64}) [ *]/sha256 $1 /'
} >"/progress/$0"
`;

/**
 * Archives /source, read in way $3, to /point/$1, packed as $2 says, and encrypted where options for age follow. Prints exit code of
 * tar, length and hash $4 of the stream, and length and SHA-256 of the file. Level 2 of zstd: on software, logs
 * and pages of databases its output is no larger than gzip's, for three quarters of the processor time of level 3.
 */
export const archiveScript = `set -euo pipefail
rm -f "/progress/$0"
${readTree}${relay}
pack() { if [ "$1" = zstd ]; then zstd --quiet --threads=0 -2 --stdout; else cat; fi; }
pack_for() { if [ $# -eq 1 ]; then pack "$1"; else pack "$1" | age --encrypt "\${@:2}"; fi; }
began=$(date --utc +%FT%T.%NZ)
# Before anything waits on a fifo: a folder that cannot be written must fail here, not hang there.
: >"/point/$1"
mkfifo /tmp/plain /tmp/packed
digest "$4" </tmp/plain >/tmp/plain.sum & plain=$!
digest sha256 </tmp/packed >/tmp/packed.sum & packed=$!
set +e
read_tree /source "$3" | relay /tmp/plain /progress/bytes 2>/tmp/metered | pack_for "$2" "\${@:5}" | relay /tmp/packed '' 2>/tmp/written >"/point/$1"
codes=("\${PIPESTATUS[@]}")
set -e
cat /tmp/metered /tmp/written >&2
for code in "\${codes[@]:1}"; do if [ "$code" -ne 0 ]; then echo "archive: exit codes \${codes[*]}" >&2; exit 1; fi; done
if [ "\${codes[0]}" -gt 1 ]; then exit 1; fi
wait "$plain"
wait "$packed"
chown --reference=/point "/point/$1"
printf '{"began":"%s","tar":%d,"plainBytes":%s,"plainHash":"%s","bytes":%s,"sha256":"%s"}\\n' "$began" "\${codes[0]}" \\
  "$(awk '$1 == "metered" { print $2 }' /tmp/metered)" "$(cat /tmp/plain.sum)" "$(stat -c %s "/point/$1")" "$(cat /tmp/packed.sum)" >"/progress/$0"
`;

/**
 * Empties /target, extracts /point/$1 into it, no more than $3 bytes, forces it to disk, and meanwhile reads back what came out, in way $4.
 * Prints hash $6 of the stream that was extracted, how it was read back, and how long it took until all was on disk.
 * Where $5 is \`listing\`, tar's list of what it extracted is compared with its list of what is there now. Where the two differ, or some
 * file has extended attributes, which the list does not show, and where $5 is \`content\`, all of it is read back as a stream;
 * then length and hash of that are printed too.
 */
export const extractScript = `set -euo pipefail
rm -f "/progress/$0"
${readTree}${relay}${unpack}if is_encrypted "$1"; then require_key "/point/$1"; fi
# Only what was read with --acls is written with it: tar takes the ACLs off where the archive has none under that name.
acls=(); if [ "$4" = 1 ]; then acls=(--acls); fi
list=(); if [ "$5" = listing ]; then list=(-vv --full-time --index-file=/tmp/extracted); fi
began=$(date +%s%N)
find /target -xdev -mindepth 1 -delete
# tar stops at the end that the archive says it has; what comes after that must be read as well, or its writer dies of a broken pipe.
mkfifo /tmp/stream
digest "$6" </tmp/stream >/tmp/stream.sum & stream=$!
unpack "$1" "$2" | relay /tmp/stream /progress/bytes "$3" | {
  tar --extract --file=- --blocking-factor=2048 --numeric-owner --same-owner --preserve-permissions \\
    --xattrs '--xattrs-include=*' "\${acls[@]}" "\${list[@]}" --directory=/target
  cat >/dev/null
}
wait "$stream"
{ sync -f /target; date +%s%N >/tmp/flushed; } & flush=$!
back='{"as":"listing"}'
listed() {
  [ "$5" = listing ] && ! LC_ALL=C grep -q '^..........[*+.]' /tmp/extracted || return 1
  list_tree /target "$4" /tmp/there && cmp -s /tmp/extracted /tmp/there
}
if ! listed "$@"; then
  mkfifo /tmp/plain
  digest "$6" </tmp/plain >/tmp/plain.sum & plain=$!
  read_tree /target "$4" | relay /tmp/plain /progress/bytes 2>/tmp/metered >/dev/null
  wait "$plain"
  back=$(printf '{"as":"content","bytes":%s,"hash":"%s"}' "$(awk '$1 == "metered" { print $2 }' /tmp/metered)" "$(cat /tmp/plain.sum)")
fi
wait "$flush"
took=$(( ($(cat /tmp/flushed) - began) / 1000000 ))
printf '{"tookMs":%d,"streamHash":"%s","back":%s}\\n' "$took" "$(cat /tmp/stream.sum)" "$back" >"/progress/$0"
`;

/**
 * Compares /target, read in way $3, with the archive /point/$1, whichever way either has stored its zeros. Whether tar calls a file sparse hangs on
 * how many blocks it takes, and that on the file system: on one that compresses, on blocks that were reserved or not written yet. tar compares
 * contents; what it does not look at (times of folders, attributes, what is there and not in the archive), the entries of both say. Prints
 * \`same\`, or \`differs\` and in what, at most 20 lines; how tar ends says no more than they do.
 */
export const compareScript = `set -uo pipefail
${readTree}${unpack}
entries() { perl -e '${tarReader}
  sub damage { die "$_[0] $_[1]\\n" }
  while (my $member = member()) {
    my $pax = $member->{pax};
    print join("\\0", @$member{qw(name link type mode uid gid mtime device size)}, map { "$_=$pax->{$_}" } sort keys %$pax), "\\n";
  }
  1 while length get(1 << 20)'; }
archived() { unpack "$1" "$2" | entries; }
there() { read_tree /target "$1" | entries; }
unpack "$1" "$2" | { tar --compare --file=- --blocking-factor=2048 --numeric-owner --directory=/target; code=$?; cat >/dev/null; exit $code; } >/tmp/told 2>&1
if [ $? -eq 0 ] && [ ! -s /tmp/told ] && one=$(archived "$1" "$2" | digest "$4") && two=$(there "$3" | digest "$4") \\
  && [ "$one" = "$two" ]; then echo same >"/progress/$0"; exit 0; fi
if [ ! -s /tmp/told ]; then
  line=$(cmp <(archived "$1" "$2") <(there "$3") | sed 's/.* //')
  # Values of attributes are data, and stay where they are.
  shown() { sed -n "$line{p;q}" | sed 's/=[^\\x00]*/=…/g' | tr '\\0' ' '; }
  echo "backed up as: $(archived "$1" "$2" | shown)" >/tmp/told; echo "restored as: $(there "$3" | shown)" >>/tmp/told
fi
{ echo differs; head -20 /tmp/told; } >"/progress/$0"
exit 0
`;

/**
 * Exchanges the folders /volumes/$1/_data and /volumes/$2/_data in one system call, but only if the second one is inode $3 and, where
 * $4 is given, the first one is inode $4. Prints \`exchanged\`, or \`already\` when the first one is inode $3.
 */
export const exchangeScript = `set -euo pipefail
exec perl -e '
  use strict; use POSIX (); my ($one, $two, $new, $old) = @ARGV; my @path = map { "/volumes/$_/_data" } $one, $two;
  my @inode = map { (lstat $_)[1] // die "$_: $!\\n" } @path;
  if ($inode[0] eq $new) { print "already\\n"; exit 0 }
  die "$path[1] is inode $inode[1], not $new\\n" if $inode[1] ne $new;
  die "$path[0] is inode $inode[0], not $old\\n" if length $old && $inode[0] ne $old;
  my %renameat2 = (x86_64 => 316, aarch64 => 276, riscv64 => 276, armv7l => 382, i686 => 353, ppc64le => 357, s390x => 347);
  my $machine = (POSIX::uname())[4]; my $number = $renameat2{$machine} // die "no renameat2 known for $machine\\n";
  # -100: paths as they stand; 2: RENAME_EXCHANGE.
  syscall($number, -100, $path[0], -100, $path[1], 2) == 0 or die "renameat2: $!\\n";
  # The two folders whose entries were exchanged: the whole file system would wait for what others write.
  system("sync", "/volumes/$one", "/volumes/$two") == 0 or die "sync failed\\n";
  print "exchanged\\n"' "$@" >"/progress/$0"
`;

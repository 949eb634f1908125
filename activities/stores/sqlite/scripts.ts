/**
 * What runs in helper containers, for `bash -c`: every value comes as an argument or from the database, so nothing is interpolated into a
 * shell. $0 is the file in /progress that the answer goes to, $1 the database file below /data.
 */
import { unpack } from '../../volumes/index.ts';
import { contentSql, lossSql } from './queries.ts';

/** What the scripts exit with; see `translate-error.ts`. */
export const exits = {
  missing: 81,
  notPlain: 82,
  notDatabase: 83,
  inUse: 84,
  damaged: 85,
  changed: 86,
  taken: 87,
} as const;

const start = `set -euo pipefail
rm -f "/progress/$0"
db="/data/$1"
scratch="/progress/$0.db"
trap 'rm -f "$scratch" "$scratch"-*' EXIT
export SQLITE_TMPDIR=/tmp
is_plain() { [ ! -L "$1" ] && [ -f "$1" ]; }
require_database() {
  if [ ! -e "$1" ] && [ ! -L "$1" ]; then exit ${exits.missing}; fi
  if ! is_plain "$1"; then exit ${exits.notPlain}; fi
  if [ -s "$1" ] && [ "$(head --bytes=15 "$1" | tr -d '\\0')" != 'SQLite format 3' ]; then exit ${exits.notDatabase}; fi
}
# Runs the command line of SQLite; what another process holds, and what is no database, has an exit code of its own.
sql() {
  if sqlite3 -batch -bail "$@" 2>/tmp/refusal; then return 0; fi
  cat /tmp/refusal >&2
  if grep --quiet 'database is locked\\|database table is locked' /tmp/refusal; then exit ${exits.inUse}; fi
  if grep --quiet 'file is not a database' /tmp/refusal; then exit ${exits.notDatabase}; fi
  if grep --quiet 'malformed' /tmp/refusal; then exit ${exits.damaged}; fi
  exit 1
}
sizes() { local sum=0 file; for file in "$1" "$1-wal"; do if [ -e "$file" ]; then sum=$((sum + $(stat --format=%s "$file"))); fi; done; echo "$sum"; }
inode() { if is_plain "$1"; then stat --format='%i-%W' "$1"; fi; }
check() {
  sql -readonly "$1" 'pragma integrity_check(10)' >/tmp/checked
  if [ "$(cat /tmp/checked)" != ok ]; then cat /tmp/checked >&2; exit ${exits.damaged}; fi
}
# One line of JSON for each table, and a first one for the whole.
content() {
  printf '%s\\n' '.timeout 60000' '.output /tmp/content.sql' "$content_sql" '.output stdout' '.read /tmp/content.sql' | sql -readonly "$1"
}
content_sql=$(cat <<'EOF'
${contentSql}
EOF
)
`;

const restoring = `${unpack}
unpacked() {
  if is_encrypted "$1"; then require_key "/point/$1"; fi
  if unpack "$1" zstd >"$2"; then return 0; fi
  if [ "$(df --output=avail "$2" | tail -n 1)" -lt 64 ]; then echo 'No space left on device' >&2; exit 1; fi
  exit ${exits.damaged}
}
`;

/** Inode and birth time of the file, of what the endings $2… name, and how large it is. */
export const lookScript = `${start}
require_database "$db"
{
  printf '{"inode":"%s","bytes":%s,"version":"%s","beside":{' "$(inode "$db")" "$(sizes "$db")" "$(sqlite3 --version | cut -d' ' -f1)"
  comma=
  for ending in "\${@:2}"; do printf '%s"%s":"%s"' "$comma" "$ending" "$(inode "$db$ending")"; comma=,; done
  printf '}}'
} >"/progress/$0"
`;

/** Fields end with 0x1F, rows with 0x1E. The safe mode reads no other file and runs no program. */
export const probeScript = `${start}
require_database "$db"
sql -readonly -safe -ascii -cmd '.timeout 10000' -cmd 'pragma query_only = on' "$db" " $2" >"/progress/$0"
`;

export const contentScript = `${start}
require_database "$db"
content "$db" >"/progress/$0"
`;

/**
 * Backs up into /point, compressed, and encrypted where options for age follow. With a log, writers are not held up, so one moment is held
 * for as long as it takes; without one that would lock them out, and SQLite begins again where somebody has written meanwhile.
 */
export const backupScript = `${start}
require_database "$db"
printf '%s\\n' '.timeout 60000' >/tmp/backup
mode=$(sql -readonly -cmd '.timeout 60000' "$db" 'pragma journal_mode')
if [ "$mode" = wal ]; then
  printf '%s\\n' 'begin;' '.output /dev/null' 'select count(*) from sqlite_schema;' '.output stdout' >>/tmp/backup
fi
printf ".backup main '%s'\\n" "$scratch" >>/tmp/backup
sql -readonly "$db" </tmp/backup >/dev/null
check "$scratch"
content "$scratch" >"/progress/$0.content"
pack() { if [ $# -eq 0 ]; then cat; else age --encrypt "$@"; fi; }
name=database.zst; if [ $# -gt 1 ]; then name=database.zst.age; fi
zstd --quiet --threads=0 -3 --stdout "$scratch" | pack "\${@:2}" >"/point/$name"
chown --reference=/point "/point/$name"
mv "/progress/$0.content" "/progress/$0"
`;

/** Restores /point/$2 into a scratch file, and tells what is in it. */
export const proveScript = `${start}${restoring}
unpacked "$2" "$scratch"
check "$scratch"
content "$scratch" >"/progress/$0"
`;

/** Restores /point/$3 into the file with ending $2 beside the live one, which it is to replace, and tells what is in it. */
export const buildScript = `${start}${restoring}
require_database "$db"
incoming="$db$2"
rm -f "$incoming" "$incoming"-*
unpacked "$3" "$incoming"
check "$incoming"
content "$incoming" >"/progress/$0.content"
rm -f "$incoming"-*
chown --reference="$db" "$incoming"
chmod --reference="$db" "$incoming"
sync "$incoming"
mv "/progress/$0.content" "/progress/$0"
`;

/** Removes the file with ending $2 beside the live one. */
export const removeScript = `${start}
rm -f "$db$2" "$db$2"-*
printf done >"/progress/$0"
`;

/** Lists what stands beside the file, whose names go on after its own: endings, each with NUL after it. */
export const besideScript = `${start}
cd "$(dirname "$db")"
name=$(basename "$db")
find . -maxdepth 1 -type f -printf '%f\\0' | while IFS= read -r -d '' found; do
  case "$found" in "$name".*) printf '%s\\0' "\${found#"$name"}" ;; esac
done >"/progress/$0"
`;

/**
 * Puts the file with ending $3 into the place of the live one, which must have inode $2, and keeps that with ending $4. All of it happens
 * while SQLite's own exclusive lock is held: it fails where somebody else has the database open in a transaction, or with a log at all.
 * The live name always leads to a whole file: the old one gets a second name before the new one is renamed over its first.
 */
export const swapScript = `${start}
require_database "$db"
export db incoming="$db$3" kept="$db$4" before="$2" taken="$5" answer="/progress/$0"
[ "$(inode "$db")" = "$before" ] || exit ${exits.changed}
is_plain "$incoming" || exit ${exits.missing}
if [ -e "$kept" ] && [ "$(inode "$kept")" != "$before" ]; then exit ${exits.taken}; fi
ln --symbolic --force "$incoming" /tmp/incoming.db
began=$(date +%s%3N); export began
cat >/tmp/exchange <<'EOF'
set -euo pipefail
# All of the log is in the file by now.
if [ -s "$db-wal" ]; then echo 'the log is not empty' >&2; exit 1; fi
now=$(date +%s%3N)
printf '{"fencedMs":%s,"lostMs":%s,"tables":[%s]}' "$((now - began))" "$([ -z "$taken" ] && echo 0 || echo "$((now - taken))")" \\
  "$(paste --serial --delimiters=, /tmp/loss)" >"$answer.loss"
cp "$answer.loss" "$kept.loss"
[ -e "$kept" ] || ln "$db" "$kept"
sync "$kept" "$kept.loss" "$(dirname "$db")"
rm -f "$db-wal" "$db-shm" "$db-journal"
mv --no-target-directory "$incoming" "$db"
sync "$db" "$(dirname "$db")"
touch /tmp/exchanged
EOF
cat >/tmp/swap.sql <<'EOF'
.timeout 5000
.output /dev/null
pragma main.locking_mode = exclusive;
begin exclusive;
commit;
pragma main.wal_checkpoint(truncate);
attach 'file:/tmp/incoming.db?immutable=1' as incoming;
.output /tmp/loss.sql
${lossSql}
.output /tmp/loss
.read /tmp/loss.sql
.output stdout
.system bash /tmp/exchange
EOF
sql "$db" </tmp/swap.sql
[ -e /tmp/exchanged ] || exit 1
rm -f "$incoming"-* "$incoming.loss"
mv "$answer.loss" "$answer"
`;

/** The loss that was measured when the file with ending $2 was replaced. */
export const lossScript = `${start}
if [ -e "$db$2.loss" ]; then cat "$db$2.loss"; fi >"/progress/$0"
`;

/**
 * What a receiver of a log runs, in the image of its server and in the server's network: a constant text for `sh -c`, of whichever make.
 * $1 is the system identifier, $2 the timeline, $3 the server's major version; /log is the folder of the log.
 *
 * It ends with 0 when the log is over for good, and with 1 when the server has not answered for a while: it may be another container by now,
 * and only a new start of this one gets into the network of that.
 */
export const receiverScript = `set -u
PATH="$PATH:/usr/lib/postgresql/$3/bin:/usr/pgsql-$3/bin:/usr/local/pgsql/bin:/opt/bitnami/postgresql/bin"
cd /log || exit 1
[ -e ended ] && exit 0
over() { printf '%s %s\\n' "$(date -u +%Y-%m-%dT%H:%M:%SZ)" "$1" >ended.partial && mv ended.partial ended; exit 0; }
place() { echo $(( (0x\${1%/*} << 32) + 0x\${1#*/} )); }
ask() { psql -X -q -A -t -F ' ' --no-password "$@"; }
system=$1 timeline=$2
moment= position=0/0 noted=
# Whatever was committed before a moment lies before where the server's log was then: once we have that much, we have it. Right behind the
# header of a page (24 or 40 bytes) stands nothing yet: the last record ends before it.
beat() {
  answer=$(ask -c "select to_char(clock_timestamp() at time zone 'UTC', 'YYYY-MM-DD\\"T\\"HH24:MI:SS.MS\\"Z\\"'), pg_current_wal_insert_lsn(),
    coalesce((select max(flush_lsn) from pg_stat_replication where application_name = '$PGAPPNAME') >= '$position', false)" 2>/dev/null) || return 0
  # shellcheck disable=SC2086
  set -- $answer
  [ "$#" -eq 3 ] || return 0
  if [ -n "$moment" ]; then
    if [ "$3" != t ]; then return 0; fi
    printf '%s %s\\n' "$moment" "$position" >reached.partial && mv reached.partial reached
    if [ "\${moment%:*}" != "$noted" ]; then printf '%s %s\\n' "$moment" "$position" >>times; noted=\${moment%:*}; fi
  fi
  moment=$1 position=$2
  at=$(place "$2")
  page=$((at - at % 8192))
  case $((at - page)) in 24 | 40) position=$(printf '%X/%X' $((page >> 32)) $((page & 0xFFFFFFFF))) ;; esac
}
left=15
while [ "$left" -gt 0 ]; do
  # shellcheck disable=SC2046
  if who=$(ask -d replication=true -c IDENTIFY_SYSTEM 2>said); then
    # shellcheck disable=SC2086
    set -- $who
    [ "$1" = "$system" ] || over "the server is another one now, with system identifier $1"
    [ "$2" = "$timeline" ] || over "the server is on timeline $2 since it was restored or promoted"
    if [ -s reached ]; then
      had=$(cut -d ' ' -f 2 reached)
      [ "$(place "$3")" -ge "$(place "$had")" ] || over "the server has gone back from $had to $3: its data was replaced"
    fi
    pg_receivewal --no-loop --synchronous --no-password --directory=segments 2>said &
    receiver=$!
    while kill -0 "$receiver" 2>/dev/null; do
      beat
      left=15
      sleep 2
    done
    wait "$receiver"
    # Nobody keeps the log of a live server for a receiver that was away: that would fill its disk.
    if grep -q 'has already been removed' said; then over "the server has removed what follows, since its receiver was away for too long"; fi
  fi
  left=$((left - 1))
  sleep 1
done
cat said
exit 1
`;

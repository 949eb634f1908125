/**
 * What a receiver of a log runs, in the image of its server and in the server's network: a constant text for `sh -c`, of whichever make.
 * $1 is the system identifier, $2 the timeline, $3 the server's major version; /log is the folder of the log.
 *
 * It ends with 0 when the log is over for good, and with 1 when the server has not answered for a while: it may be another container by now,
 * and only a new start of this one gets into the network of that.
 *
 * One session is held open: it asks how far the server is, and owns a temporary slot, without which a checkpoint removes a segment that is being
 * sent at that moment. The slot goes with the session: with this container, after a minute in which it is frozen, and when the log does
 * not arrive here for a minute. So it never fills the disk of a live server.
 */
export const receiverScript = `set -u
PATH="$PATH:/usr/lib/postgresql/$3/bin:/usr/pgsql-$3/bin:/usr/local/pgsql/bin:/opt/bitnami/postgresql/bin"
cd /log || exit 1
[ -e ended ] && exit 0
over() { printf '%s %s\\n' "$(date -u +%Y-%m-%dT%H:%M:%SZ)" "$1" >ended.partial && mv ended.partial ended; exit 0; }
place() { echo $(( (0x\${1%/*} << 32) + 0x\${1#*/} )); }
client() { psql -X -q -A -t -F ' ' --no-password "$@"; }
system=$1 timeline=$2 major=$3
own=$(mktemp -d)
# A session that has ended must not end who writes to it.
trap '' PIPE
looking= slot= moment= position=0/0 noted= unconfirmed=0
# One statement in the session, and the line that it answers: none where it fails.
look() {
  answer=
  printf '%s;\\n\\\\echo .\\n' "$1" >&3 2>/dev/null || return 1
  while read -r line <&4; do
    [ "$line" != . ] || return 0
    answer=$line
  done
  return 1
}
leave() {
  [ -n "$looking" ] || return 0
  exec 3>&- 4<&-
  kill "$looking" 2>/dev/null
  wait "$looking"
  looking= slot=
}
# Not in the store's own database where that can be: it may be renamed, or copied.
enter() {
  for base in postgres "$PGDATABASE"; do
    rm -f "$own/in" "$own/out"
    mkfifo "$own/in" "$own/out" || return 1
    client -d "$base" <"$own/in" >"$own/out" 2>/dev/null &
    looking=$!
    exec 3>"$own/in" 4<"$own/out"
    if look "set statement_timeout = '20s'"; then
      # Before 14 nothing would end the session of a frozen container.
      if [ "$major" -ge 14 ] && look "set idle_session_timeout = '60s'"; then
        slot="switchback_\${PGAPPNAME#*/}_$(date +%s)"
        look "select pg_create_physical_replication_slot('$slot', true, true)" && [ -n "$answer" ] || slot=
      fi
      return 0
    fi
    leave
  done
  return 1
}
# Whatever was committed before a moment lies before where the server's log was then: once we have that much, we have it. Right behind the
# header of a page (24 or 40 bytes) stands nothing yet: the last record ends before it.
beat() {
  if [ -z "$looking" ]; then enter || return 0; fi
  look "select to_char(clock_timestamp() at time zone 'UTC', 'YYYY-MM-DD\\"T\\"HH24:MI:SS.MS\\"Z\\"'), pg_current_wal_insert_lsn(), coalesce((select max(flush_lsn) from pg_stat_replication where application_name = '$PGAPPNAME') >= '$position', false)" || { leave; return 0; }
  # shellcheck disable=SC2086
  set -- $answer
  [ "$#" -eq 3 ] || return 0
  if [ -n "$moment" ] && [ "$3" != t ]; then
    unconfirmed=$((unconfirmed + 1))
    if [ "$unconfirmed" -eq 30 ] && [ -n "$slot" ]; then look "select pg_drop_replication_slot('$slot')"; slot=; fi
    return 0
  fi
  unconfirmed=0
  if [ -n "$moment" ]; then
    printf '%s %s\\n' "$moment" "$position" >reached.partial && mv reached.partial reached
    if [ "\${moment%:*}" != "$noted" ]; then printf '%s %s\\n' "$moment" "$position" >>times; noted=\${moment%:*}; fi
    if [ -n "$slot" ]; then look "select pg_replication_slot_advance('$slot', '$position')"; fi
  fi
  moment=$1 position=$2
  at=$(place "$2")
  page=$((at - at % 8192))
  case $((at - page)) in 24 | 40) position=$(printf '%X/%X' $((page >> 32)) $((page & 0xFFFFFFFF))) ;; esac
}
left=15
while [ "$left" -gt 0 ]; do
  if who=$(client -d replication=true -c IDENTIFY_SYSTEM 2>said); then
    # shellcheck disable=SC2086
    set -- $who
    [ "$1" = "$system" ] || over "the server is another one now, with system identifier $1"
    [ "$2" = "$timeline" ] || over "the server is on timeline $2 since it was restored or promoted"
    if [ -s reached ]; then
      had=$(cut -d ' ' -f 2 reached)
      [ "$(place "$3")" -ge "$(place "$had")" ] || over "the server has gone back from $had to $3: its data was replaced"
    fi
    enter
    pg_receivewal --no-loop --synchronous --no-password --directory=segments 2>said 3>&- 4<&- &
    receiver=$!
    while kill -0 "$receiver" 2>/dev/null; do
      beat
      left=15
      sleep 2
    done
    wait "$receiver"
    leave
    # No slot outlives its receiver, which would fill the disk of the server; what it had removed meanwhile is missing.
    if grep -q 'has already been removed' said; then over "the server has removed what follows, since its receiver was away for too long"; fi
  fi
  left=$((left - 1))
  sleep 1
done
cat said
exit 1
`;

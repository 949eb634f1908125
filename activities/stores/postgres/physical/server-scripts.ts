/**
 * What runs in containers of the server's own image: constant texts for `sh -c`, of whichever make; every value comes as an argument.
 * $0 is the file in /answer that the answer goes to. $1 is the data directory, $2 the server's major version.
 */
const paths = `set -eu
rm -f "/answer/$0"
PATH="/usr/lib/postgresql/$2/bin:/usr/pgsql-$2/bin:/usr/local/pgsql/bin:/opt/bitnami/postgresql/bin:$PATH"
case "$(postgres --version)" in *" $2".*|*" $2") ;; *) echo "the image has $(postgres --version), not version $2"; exit 5 ;; esac
`;

/** Compares the data with `backup_manifest`: names, sizes, SHA-256, and that the log is there and whole. */
export const verifyScript = `${paths}
pg_verifybackup --quiet "$1"
umask 022
echo verified >"/answer/$0"
`;

/**
 * Starts a server on the data that nobody can reach, and that reaches nobody; waits until it has recovered; asks it what it is; with
 * $6 = prove, reads every table of database $5 and lets pg_amcheck look at all databases; shuts it down. $3: libraries to preload,
 * $4: a superuser. $7: how far the log in /log is followed, a time or \`latest\`; empty where there is none.
 * Its configuration is ours: the server's own may archive logs, start jobs, or name files that are not here. What \`ALTER SYSTEM\` has
 * set lies with the data, so whatever could do harm is said on the command line, which goes before it.
 */
export const recoverScript = `${paths}
own=$(mktemp -d)
echo 'local all all trust' >"$own/hba"
: >"$own/ident"; : >"$own/conf"; : >"$own/log"
rm -f "$1/backup_manifest"
# A new timeline: else the restored server would write other logs under the names of those that may be archived already.
: >"$1/recovery.signal"
restore=false
if [ -n "$7" ]; then restore='test -f "/log/%f" && cp "/log/%f" "%p"'; fi
target=; if [ "$7" != latest ]; then target=$7; fi
prepared=$(pg_controldata "$1" | sed -n 's/^max_prepared_xacts setting: *//p')
triggers=; if [ "$2" -ge 17 ]; then triggers='-c event_triggers=off'; fi
start() {
# shellcheck disable=SC2086
postgres -D "$1" -c config_file="$own/conf" -c hba_file="$own/hba" -c ident_file="$own/ident" -c external_pid_file= \\
  -c listen_addresses= -c unix_socket_directories="$own" -c port=5432 -c ssl=off \\
  -c shared_preload_libraries="$3" -c max_prepared_transactions="\${prepared:-0}" \\
  -c archive_mode=off -c restore_command="$restore" -c primary_conninfo= -c primary_slot_name= -c hot_standby=off \\
  -c recovery_target= -c recovery_target_name= -c recovery_target_xid= -c recovery_target_lsn= -c recovery_target_time="$target" \\
  -c recovery_target_inclusive=on -c recovery_target_action=promote -c recovery_target_timeline=current \\
  -c max_worker_processes=0 -c max_parallel_workers_per_gather=0 -c max_parallel_maintenance_workers=0 -c max_wal_senders=0 \\
  -c autovacuum=off -c synchronous_standby_names= -c default_transaction_read_only=off $triggers \\
  -c shared_buffers=32MB -c huge_pages=off -c logging_collector=off -c log_destination=stderr >"$own/log" 2>&1 &
server=$!
}
start "$@"
until psql -X -q -A -t -h "$own" -U "$4" -d template1 -c 'select 1' >/dev/null 2>"$own/asked"; do
  if ! kill -0 "$server" 2>/dev/null; then
    if [ -z "$target" ] || ! grep -q 'recovery ended before configured recovery target was reached' "$own/log"; then cat "$own/log"; exit 3; fi
    # The log is known to reach beyond that moment, and nothing was committed in it since: its end is what was then.
    target=
    start "$@"
  fi
  if grep -q 'FATAL:  role' "$own/asked"; then cat "$own/asked"; kill -INT "$server"; exit 6; fi
  sleep 0.1
done
user=$4
ask() { psql -X -q -A -t -v ON_ERROR_STOP=1 -h "$own" -U "$user" "$@"; }
facts=$(ask -d template1 -v database="$5" <<'SQL'
select json_build_object('system', (select system_identifier::text from pg_control_system()), 'lsn', coalesce(pg_last_wal_replay_lsn(), pg_current_wal_lsn())::text,
  'lastCommit', to_char(pg_last_xact_replay_timestamp() at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'),
  'databases', (select json_agg(datname::text) from pg_database where datallowconn),
  'oid', (select oid::text from pg_database where datname = :'database'));
SQL
)
tables=0 rows=0 checked=no
if [ "$6" = prove ]; then
  : >"$own/rows"
  # A log may have removed the database, or renamed it.
  if ! printf '%s' "$facts" | grep -q '"oid" : null'; then
    ask -d "$5" >"$own/rows" <<'SQL'
select format('select count(*) from only %s', c.oid::regclass) from pg_class c join pg_namespace n on n.oid = c.relnamespace
 where c.relkind in ('r', 'm') and c.relispopulated and n.nspname not in ('pg_catalog', 'information_schema') and n.nspname !~ '^pg_(toast|temp)' \\gexec
SQL
  fi
  tables=$(wc -l <"$own/rows" | tr -d ' ')
  rows=$(awk '{ sum += $1 } END { printf "%.0f", sum }' "$own/rows")
  if command -v pg_amcheck >/dev/null && [ "$(ask -d template1 -c "select count(*) from pg_available_extensions where name = 'amcheck'")" = 1 ]; then
    if pg_amcheck --all --install-missing --maintenance-db=template1 -h "$own" -U "$user" >"$own/amcheck" 2>&1; then
      checked=sound
    elif [ $? -eq 2 ]; then
      checked=corrupt; head -c 1500 "$own/amcheck"
    else
      checked=failed; head -c 1500 "$own/amcheck"
    fi
  fi
fi
kill -INT "$server"
wait "$server" || { tail -n 20 "$own/log"; exit 4; }
pg_controldata "$1" | grep -q '^Database cluster state: *shut down$' || { tail -n 20 "$own/log"; exit 4; }
umask 022
printf '{"facts":%s,"stopped":"%s","tables":%s,"rows":%s,"checked":"%s"}\\n' "$facts" "\${target:+at-time}" "$tables" "$rows" "$checked" >"/answer/$0"
`;

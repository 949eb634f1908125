# --- PostgreSQL: one transaction, which the store's own ledger remembers -------------------------------------------

# Fills in what the plan refers to: `text:…`, `env:NAME` (this shell, then the stack's env file), `file:PATH`.
fill() {
  local piece value='' part name
  for piece in "$@"; do
    name=${piece#*:}
    case $piece in
      text:*) value+=$name ;;
      env:*)
        part=$(from_environment "$name") || return 4
        value+=$part
        ;;
      file:*)
        [[ $name == /* ]] || name=$stack/$name
        [[ -r $name ]] || die 4 "the secret file $name cannot be read"
        value+=$(<"$name")
        ;;
    esac
  done
  printf '%s' "$value"
}

from_environment() {
  local text value
  [[ $1 =~ ^[A-Za-z_][A-Za-z0-9_]*$ ]] || die 3 "$1 is not the name of a variable"
  if [[ -n ${!1-} ]]; then printf '%s' "${!1}" && return 0; fi
  if [[ -n $env_file && -r $stack/$env_file ]]; then
    while IFS= read -r text || [[ -n $text ]]; do
      [[ $text =~ ^[[:space:]]*(export[[:space:]]+)?$1[[:space:]]*=(.*)$ ]] || continue
      value=${BASH_REMATCH[2]}
      value=${value#"${value%%[![:space:]]*}"}
      value=${value%"${value##*[![:space:]]}"}
      [[ $value != \"*\" && $value != \'*\' ]] || value=${value:1:-1}
      printf '%s' "$value"
      return 0
    done <"$stack/$env_file"
  fi
  die 4 "the secret $1 is not set" "Set it in this shell, without a trace in its history: read -rs $1 && export $1"
}

decoded() {
  local text=${1//\\/\\\\}
  printf '%b' "${text//%/\\x}"
}

# Sets PGHOST and its kin from a URL, in the environment of psql alone: arguments are seen by everybody.
use_url() {
  local parts pair
  [[ $1 =~ ^postgres(ql)?://(([^:@/?]*)(:([^@/?]*))?@)?(\[[^]]*\]|[^:/?@]*)(:([0-9]+))?(/([^?]*))?(\?(.*))?$ ]] ||
    die 3 "the URL of store $store cannot be read"
  parts=("${BASH_REMATCH[@]}")
  export PGUSER PGPASSWORD PGHOST PGPORT PGDATABASE
  PGUSER=$(decoded "${parts[3]:-postgres}") PGPASSWORD=$(decoded "${parts[5]}")
  PGHOST=${parts[6]:-localhost} PGPORT=${parts[8]:-5432}
  PGHOST=${PGHOST#[} PGHOST=${PGHOST%]}
  PGDATABASE=$(decoded "${parts[10]:-$PGUSER}")
  while IFS= read -r -d '&' pair; do
    case $pair in
      sslmode=*) export PGSSLMODE=${pair#*=} ;;
      sslrootcert=*) PGSSLROOTCERT=$(decoded "${pair#*=}") && export PGSSLROOTCERT ;;
      host=*) PGHOST=$(decoded "${pair#*=}") ;;
      port=*) PGPORT=${pair#*=} ;;
      user=*) PGUSER=$(decoded "${pair#*=}") ;;
      password=*) PGPASSWORD=$(decoded "${pair#*=}") ;;
    esac
  done <<<"${parts[12]}&"
}

# psql on the step's store: its own in the container of a service, else the one of this machine.
database() (
  # Not the caller's files, which the script holds open.
  unset "${!PG@}"
  export PGAPPNAME="switchback/$run/break-glass" PGCONNECT_TIMEOUT=10 "${docker_environment[@]}"
  if [[ -n $store_service ]]; then
    id=$(engine ps --quiet --filter "label=com.docker.compose.project=$project" \
      --filter "label=com.docker.compose.service=$store_service" --filter status=running)
    [[ -n $id ]] || die 4 "service $store_service does not run, and store $store is in it"
    PGPASSWORD=$(fill "${store_secret[@]}") || exit 4
    export PGPASSWORD
    exec docker exec --interactive -e PGPASSWORD -e PGAPPNAME "${id%%$'\n'*}" \
      psql -X -q -v ON_ERROR_STOP=1 -h 127.0.0.1 -U "$store_user" -d "$store_database" "$@"
  fi
  url=$(fill "${store_secret[@]}") || exit 4
  use_url "$url"
  exec psql -X -q -v ON_ERROR_STOP=1 "$@"
)

sql_literal() { printf "'%s'" "${1//\'/\'\'}"; }

sql_literals() {
  local word list=''
  for word in "$@"; do list+="${list:+,}$(sql_literal "$word")"; done
  printf '%s' "$list"
}

# How many of the operations of this step the ledger still has as standing.
standing() {
  database -A -t <<SQL
select case when to_regclass('switchback.ledger') is null then '0' else (xpath('/row/n/text()', query_to_xml(
  \$q\$select count(*) as n from switchback.ledger where undone_at is null and target = $(sql_literal "$target")
    and run || '/' || operation in ($(sql_literals "${undoes[@]}"))\$q\$, false, true, '')))[1]::text end;
SQL
}

sql_check() {
  local address
  require_content "$sql_digest"
  [[ -n $store_service ]] || command -v psql >/dev/null || die 4 'psql is not on this machine' 'Install the PostgreSQL client.'
  address=$(fill "${store_secret[@]}")
  [[ -n $address || -n $store_service ]] || die 4 "the URL of store $store is empty"
}

sql_show() {
  note "in store $store, in one transaction, unless its ledger says that it was done:"
  while IFS= read -r; do note "  $REPLY"; done <"$(content "$sql_digest")"
}

sql_done() {
  local left
  left=$(standing) || die 10 "store $store does not answer" 'Its database has to run for this step; what it said stands above.'
  [[ $left == 0 ]]
}

sql_do() {
  local text tag keys hash no_data="select '{}'::text[]"
  sql_check
  text=$(<"$(content "$sql_digest")")
  hash=$(sha256sum -- "$(content "$sql_digest")")
  tag="\$sb_${hash:0:16}\$"
  [[ $text != *"$tag"* ]] || die 9 'the SQL holds its own hash'
  keys=$(sql_literals "${undoes[@]}")
  fence
  database >/dev/null <<SQL || die 6 "the SQL for store $store failed: nothing of it was applied"
begin;
set local lock_timeout = '30s';
insert into switchback.fence as f values ($(sql_literal "$target"), $lease, $(sql_literal "$operation"), 1)
  on conflict (target) do update set epoch = excluded.epoch, operation = excluded.operation, attempt = excluded.attempt
  where f.epoch <= excluded.epoch;
select count(*) / (count(*) filter (where epoch = $lease)) from switchback.fence where target = $(sql_literal "$target");
select set_config('switchback.text', $tag$text$tag, true), set_config('switchback.before', ($protected_now)::text, true),
  set_config('switchback.data', (${data_now:-$no_data})::text, true);
-- EXECUTE refuses BEGIN, COMMIT and ROLLBACK: whatever the text holds, it stays inside this transaction.
do \$do\$ begin execute current_setting('switchback.text'); end \$do\$;
set constraints all immediate;
reset session authorization;
reset role;
do \$do\$ begin
  if exists (select unnest(current_setting('switchback.before')::text[]) except select unnest(($protected_now))) then
    raise exception 'a protected table would have been dropped, renamed, rewritten or changed: nothing was done';
  end if;
  if exists (select unnest(current_setting('switchback.data')::text[]) except select unnest((${data_now:-$no_data}))) then
    raise exception 'rows or large objects would have been destroyed, and their loss is not confirmed: nothing was done';
  end if;
end \$do\$;
insert into switchback.ledger (target, run, operation, digest, epoch, attempt, made, rows, plan)
  values ($(sql_literal "$target"), $(sql_literal "$run"), $(sql_literal "$operation"), '${hash:0:64}', $lease, 1, '[]', 0, $(sql_literal "$plan"));
update switchback.ledger set undone_by = $(sql_literal "$run/$operation"), undone_at = clock_timestamp()
  where target = $(sql_literal "$target") and run || '/' || operation in ($keys) and undone_at is null;
commit;
SQL
}

# --- Checks: the same that a rollback ends with ---------------------------------------------------------------------

# Five words each: services COUNT HEALTHY - - · http METHOD URL STATUS/SECONDS BODY · unmade TEXT - - -
checks_each() {
  local index
  for ((index = 0; index < ${#checks[@]}; index += 5)); do
    "$1_${checks[index]}" "${checks[@]:index+1:4}" || failed=1
  done
}

count_service() {
  local name=$2 service=$3 state=$4 code=$5 health=$6 restart=$7 ports=${11} checked=${12-} one_shot=${13-}
  # Nobody's, and put aside for this checkpoint.
  [[ $state == running ]] || has_line "$service" "$defined" || return 0
  if [[ $state == running ]]; then
    up+=$service$'\n'
    [[ $health == none || $health == healthy ]] || wrong+=" $name is $health;"
  elif [[ $state == exited && $code == 0 && $one_shot != false && ($one_shot == true || ($restart != always &&
    $restart != unless-stopped && -z $ports && -z $checked)) ]]; then
    up+=$service$'\n'
  else
    wrong+=" $name is $state ($code);"
  fi
}

sample_services() {
  local up='' wrong='' count
  use_active
  read_services || return 1
  each_container count_service || return 1
  count=$(printf '%s' "$up" | sort -u | wc -l)
  [[ $2 == healthy ]] || wrong=''
  if [[ $count == "$1" && -z $wrong ]]; then return 0; fi
  why+=" $count services, not $1;$wrong"
  return 1
}

sample_http() {
  local method=$1 url=$2 status=${3%/*} under=${3#*/} body=$4 host port path answer began code
  [[ $url =~ ^http://([^/:?]+)(:([0-9]+))?(.*)$ ]] || return 1
  host=${BASH_REMATCH[1]} port=${BASH_REMATCH[3]:-80} path=${BASH_REMATCH[4]:-/}
  [[ $path == /* ]] || path=/$path
  began=$(date +%s%N)
  # shellcheck disable=SC2016
  answer=$(timeout "$under" bash -c 'exec 3<>"/dev/tcp/$1/$2" && printf "%s %s HTTP/1.0\r\nHost: %s:%s\r\nConnection: close\r\n\r\n" "$3" "$4" "$1" "$2" >&3 && head -c 1048576 <&3' \
    - "$host" "$port" "$method" "$path" 2>/dev/null | tr -d '\0') || { why+=" no answer from $url within $under s;" && return 1; }
  code=${answer#* }
  code=${code%% *}
  [[ $code == "$status" ]] || { why+=" $url answers ${code:-nothing}, not $status;" && return 1; }
  [[ $answer == *"$body"* ]] || { why+=" the answer of $url has no $body;" && return 1; }
  note "$url answers $code in $((($(date +%s%N) - began) / 1000000)) ms"
}

sample_unmade() { return 0; }
tell_services() { note "exactly $1 services${2:+, all $2}"; }
tell_http() { note "$1 $2 answers ${3%/*} in under ${3#*/} s${4:+, with $4}"; }
tell_unmade() { note "NOT CHECKED HERE, look yourself: $1"; }

checks_check() { :; }
checks_show() { checks_each tell; }
checks_done() { [[ -n ${all_good-} ]]; }
checks_do() {
  local deadline=$((SECONDS + within)) failed='' why='' good=0
  checks_each tell
  while :; do
    failed='' why=''
    checks_each sample >"$scratch"
    if [[ -z $failed ]]; then good=$((good + 1)); else good=0; fi
    if ((good >= consecutive)); then break; fi
    ((SECONDS < deadline)) || die 6 "the checks do not hold after $within s:$why" 'Look at the logs of what failed, repair it, and run this script again.'
    sleep "$every"
  done
  all_good=1
  cat -- "$scratch"
}

# --- The stack: Docker Compose with everything named, and nothing of this shell's environment ----------------------

docker_environment=()
use_files=() use_env=/dev/null

scrub_environment() {
  local name
  for name in PATH HOME TMPDIR XDG_RUNTIME_DIR SSH_AUTH_SOCK DOCKER_CONFIG DOCKER_CERT_PATH DOCKER_TLS_VERIFY; do
    [[ -z ${!name-} ]] || docker_environment+=("$name=${!name}")
  done
  [[ -n ${DOCKER_HOST-} || -S /var/run/docker.sock ]] || DOCKER_HOST=unix://${HOME-}/.docker/run/docker.sock
  docker_environment+=("DOCKER_HOST=${DOCKER_HOST:-unix:///var/run/docker.sock}" DOCKER_CLI_HINTS=false)
  # By this mark a later attempt finds what this one left running.
  docker_environment+=("SWITCHBACK_OPERATION=$target/$run/break-glass" "SWITCHBACK_ATTEMPT=$$")
}

engine() { env -i "${docker_environment[@]}" docker "$@"; }

compose() {
  engine compose --progress=plain "--project-name=$project" "--project-directory=$stack" "--env-file=$use_env" \
    "${use_files[@]/#/--file=}" "$@"
}

# ID|NAME|SERVICE|STATE|EXIT|HEALTH|RESTART|IMAGE|HASH|CREATED|PORTS|CHECKED|ONE-SHOT of each container of the project.
containers() {
  local ids
  ids=$(engine ps --all --quiet --no-trunc --filter "label=com.docker.compose.project=$project") || return 1
  [[ -n $ids ]] || return 0
  # shellcheck disable=SC2086
  engine inspect --format '{{if and (ne (index .Config.Labels "com.docker.compose.oneoff") "True") (not (index .Config.Labels "io.switchback.operation"))}}{{.Id}}|{{slice .Name 1}}|{{index .Config.Labels "com.docker.compose.service"}}|{{.State.Status}}|{{.State.ExitCode}}|{{with index .State "Health"}}{{.Status}}{{else}}none{{end}}|{{.HostConfig.RestartPolicy.Name}}|{{.Image}}|{{index .Config.Labels "com.docker.compose.config-hash"}}|{{.Created}}|{{range $port, $_ := .HostConfig.PortBindings}}{{$port}} {{end}}|{{with index .Config "Healthcheck"}}yes{{end}}|{{index .Config.Labels "io.switchback.one-shot"}}{{end}}' $ids
}

# Calls `$@ ID NAME SERVICE …` for each container.
each_container() {
  local row fields rows
  rows=$(containers) || return 1
  while IFS= read -r row; do
    [[ -n $row ]] || continue
    IFS='|' read -ra fields <<<"$row"
    "$@" "${fields[@]}" </dev/null || return 1
  done <<<"$rows"
}

# Compose is asked about contents, before they are active or after.
use_contents() {
  use_files=() use_env=/dev/null
  [[ $compose_to == absent ]] || use_files=("$(content "$compose_to")")
  if [[ $env_to == stays ]]; then
    [[ -z $env_file || ! -e $stack/$env_file ]] || use_env=$stack/$env_file
  elif [[ $env_to != absent ]]; then
    use_env=$(content "$env_to")
  fi
}

use_active() {
  use_files=() use_env=/dev/null
  [[ ! -e $stack/$compose_file ]] || use_files=("$stack/$compose_file")
  [[ -z $env_file || ! -e $stack/$env_file ]] || use_env=$stack/$env_file
}

# The image that Compose gives to a service; nothing where it cannot be read.
image_of() {
  local text inside=''
  while IFS= read -r text; do
    case $text in
      "  $1:") inside=1 ;;
      '    image: '*)
        if [[ -n $inside ]]; then
          text=${text#    image: }
          printf '%s' "${text//[\"\']/}"
          return 0
        fi
        ;;
      '   '*) ;;
      *) inside='' ;;
    esac
  done <<<"$2"
}

# What a container held in its own layer was kept as an image: where that is there, it runs in place of the bare one.
prefer_layers() {
  local pair service id index
  for pair in "${layers[@]}"; do
    service=${pair%%=*}
    id=$(engine image inspect --format '{{.Id}}' "${pair#*=}" 2>/dev/null) || continue
    for index in "${!images[@]}"; do
      [[ ${images[index]%%=*} != "$service" ]] || images[index]="$service=$id"
    done
  done
}

# Where the name of an image means another one by now, or none, the service is pinned to the id that it ran.
pin_images() {
  local rendered pair service id name now pins=''
  ((${#images[@]} > 0 && ${#use_files[@]} > 0)) || return 0
  rendered=$(compose --profile '*' config) || return 1
  for pair in "${images[@]}"; do
    service=${pair%%=*} id=${pair#*=}
    name=$(image_of "$service" "$rendered")
    now=''
    [[ -z $name ]] || now=$(engine image inspect --format '{{.Id}}' "$name" 2>/dev/null) || now=''
    [[ -z $name || $now != "$id" ]] || continue
    pins+="${pins:+,}\"$service\":{\"image\":\"$id\"}"
  done
  [[ -n $pins ]] || return 0
  printf '{"services":{%s}}\n' "$pins" >"$home/break-glass/images.json"
  use_files+=("$home/break-glass/images.json")
}

# Sets `enabled` and `defined`: services that run, and services of all profiles; and `hashes` as `up` writes them.
read_services() {
  local text
  enabled='' defined='' hashes=''
  ((${#use_files[@]} > 0)) || return 0
  pin_images || return 1
  enabled=$(compose config --services) || return 1
  defined=$(compose --profile '*' config --services) || return 1
  text=$(compose --profile '*' config --format json) || return 1
  hashes=$(printf '%s' "$text" | engine compose "--project-name=$project" "--project-directory=$stack" \
    --env-file=/dev/null --file=- --profile '*' config --hash '*') || return 1
}

has_line() { [[ $'\n'$2$'\n' == *$'\n'"$1"$'\n'* ]]; }
short_in() { [[ " $2 " == *" ${1:0:12} "* ]]; }

image_for() {
  local pair
  for pair in "${images[@]}"; do [[ ${pair%%=*} != "$1" ]] || printf '%s' "${pair#*=}"; done
}

# Why a container is not what the checkpoint describes; fills `seen` and `wrong`.
judge() {
  local how=$1 name=$3 service=$4 state=$5 code=$6 health=$7 restart=$8 image=$9 hash=${10} wanted ready=''
  if ! has_line "$service" "$defined"; then
    [[ $state != running || " ${start[*]} " == *" $name "* ]] || wrong+=" $name runs and is not in it;"
    return 0
  fi
  has_line "$service" "$enabled" || return 0
  seen+=$'\n'$service
  case $state in
    running) [[ $health != none && $health != healthy ]] || ready=1 ;;
    exited) [[ $code != 0 || $restart == always || $restart == unless-stopped ]] || ready=1 ;;
  esac
  [[ -n $ready ]] || wrong+=" $name is $state ($code, $health);"
  wanted=$(image_for "$service")
  [[ -z $wanted || $image == "$wanted" ]] || wrong+=" $name runs another image;"
  [[ $how == ready || " ${hashes//$'\n'/ } " == *" $service $hash "* ]] || wrong+=" $name was made from another configuration;"
}

# Whether the containers are those of the checkpoint, and all of them well: `exactly`, or as far as being `ready` goes.
stands() {
  local service
  seen='' wrong=''
  each_container judge "$1" || return 1
  while IFS= read -r service; do
    [[ -z $service ]] || has_line "$service" "$seen" || wrong+=" $service has no container;"
  done <<<"$enabled"
  [[ -z $wrong ]]
}

checkpoint_check() {
  local pair
  require_content "$compose_to"
  require_known "$compose_file"
  if [[ $env_to != stays ]]; then
    require_content "$env_to"
    require_known "$env_file"
  fi
  for pair in "${images[@]}"; do
    engine image inspect "${pair#*=}" >/dev/null 2>&1 ||
      die 4 "the image that ${pair%%=*} ran is gone: ${pair#*=}" 'Load it from a copy with docker load, or pull it by its digest: one that is built again is another image.'
  done
  use_contents
  read_services || die 3 "Compose does not accept $label"
}

checkpoint_show() {
  use_active
  note "$compose_file becomes ${compose_to:0:12}${compose_link:+, a link to $compose_link}"
  [[ $env_to == stays ]] || note "$env_file becomes ${env_to:0:12}"
  show_command docker compose -p "$project" --project-directory "$stack" --env-file "$use_env" -f "$stack/$compose_file" \
    up --detach --no-build --pull=never
  ((${#start[@]} == 0)) || show_command docker start "${start[@]}"
  note 'then wait until every service is ready'
}

checkpoint_done() {
  holds "$compose_file" "$compose_to" || return 1
  [[ $env_to == stays ]] || holds "$env_file" "$env_to" || return 1
  use_active
  read_services || return 1
  stands exactly || return 1
  [[ -z $(to_recreate) ]]
}

checkpoint_do() {
  checkpoint_check
  # The env file first: the Compose file may need what is in it.
  [[ $env_to == stays ]] || holds "$env_file" "$env_to" || put "$env_file" "$env_to" "$env_mode" "$env_link"
  holds "$compose_file" "$compose_to" || put "$compose_file" "$compose_to" "${compose_mode:-644}" "$compose_link"
  use_active
  read_services
  each_container settle_orphan
  bring_up
}

# What the checkpoint has no service for is ended first: it may hold names and ports. Only what Switchback or this script made is removed.
settle_orphan() {
  local id=$1 name=$2 service=$3 state=$4
  ! has_line "$service" "$defined" || return 0
  [[ " ${start[*]} " != *" $name "* ]] || return 0
  if [[ $state == running || $state == paused || $state == restarting ]]; then
    fence
    engine stop "$id" >/dev/null || die 6 "$name could not be stopped"
    note "$name is stopped: it is not in this checkpoint"
  fi
  if short_in "$id" "$ours" || ! short_in "$id" "$there_before"; then
    fence
    engine rm "$id" >/dev/null || die 6 "$name could not be removed"
    note "$name is removed: it was made on the way"
  fi
}

# Compose that was killed half-way trips over its own replacement, which it calls <id>_<name>.
repair_name() {
  local id=$1 name=$2 state=$4
  [[ $name =~ ^[0-9a-f]{12}_(.+)$ ]] || return 0
  fence
  if engine inspect "${BASH_REMATCH[1]}" >/dev/null 2>&1; then
    [[ $state == created ]] || return 0
    engine rm "$id" >/dev/null
  else
    engine rename "$id" "${BASH_REMATCH[1]}"
  fi
  note "put right what a killed Compose had left: $name"
}

bring_up() {
  local tries changed name
  if ((${#use_files[@]} > 0)); then
    for tries in 1 2 3; do
      each_container repair_name
      fence
      if compose up --detach --no-build --pull=never --no-color "${only[@]}"; then break; fi
      ((tries < 3)) || die 6 'docker compose up failed' 'What it said stands above. Repair that, and run this script again.'
      sleep 2
    done
    each_container repair_name
    changed=$(to_recreate)
    if [[ -n $changed ]]; then
      note "recreated, since what they have mounted has changed: ${changed//$'\n'/ }"
      fence
      # shellcheck disable=SC2086
      compose create --no-build --pull=never --force-recreate -- $changed
      # shellcheck disable=SC2086
      compose up --detach --no-build --pull=never --no-color --no-deps --no-recreate -- $changed
    fi
  fi
  for name in "${start[@]}"; do
    fence
    engine start "$name" >/dev/null || note "$name is gone, and cannot be started again"
  done
  until_ready
}

until_ready() {
  local deadline=$((SECONDS + within))
  until stands ready; do
    ((SECONDS < deadline)) || die 6 "not ready after $within s:$wrong" 'Repair that, and run this script again.'
    sleep 0.5
  done
  note 'every service is ready'
}

# Services whose container is older than the configuration that is mounted into it: Compose looks at paths only.
to_recreate() { each_container older_than_mounted | sort -u; }

older_than_mounted() {
  local id=$1 service=$3 made=${10} mounts rw source file
  has_line "$service" "$enabled" || return 0
  made=$(date -d "$made" +%s)
  if [[ " ${recreate[*]} " == *" $service "* ]] && ((made < begun)); then printf '%s\n' "$service"; fi
  mounts=$(engine inspect --format '{{range .Mounts}}{{if eq .Type "bind"}}{{.RW}} {{.Source}}{{println}}{{end}}{{end}}' "$id") || return 1
  while read -r rw source; do
    if [[ -f $source ]]; then
      ! newer "$source" "$made" || printf '%s\n' "$service"
    elif [[ -d $source && $rw == false ]]; then
      for file in "$source"/**; do
        [[ ! -f $file ]] || ! newer "$file" "$made" || printf '%s\n' "$service"
      done
    fi
  done <<<"$mounts"
}

newer() { (($(stat -c %s -- "$1") <= 1048576 && $(stat -c %Z -- "$1") > $2 + 1)); }

# One service alone gets its image back.
image_check() {
  compose_to=$to env_to=stays
  checkpoint_check
}
image_show() {
  note "$compose_file becomes ${to:0:12}"
  show_command docker compose -p "$project" --project-directory "$stack" -f "$stack/$compose_file" up --detach --no-deps "${only[@]}"
}
image_done() {
  compose_to=$to env_to=stays
  checkpoint_done
}
image_do() {
  image_check
  holds "$compose_file" "$to" || put "$compose_file" "$to" '' ''
  use_active
  read_services
  only=(--no-deps "${only[@]}")
  bring_up
}

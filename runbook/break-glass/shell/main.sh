# --- The way through --------------------------------------------------------------------------------------------------

say() { printf '%s\n' "$*"; }
note() { printf '        %s\n' "$*"; }
show_command() {
  printf '        $'
  printf ' %q' "$@"
  printf '\n'
}
die() {
  printf '\nbreak-glass: %s\n' "$2" >&2
  [[ -z ${3-} ]] || printf '  %s\n' "$3" >&2
  exit "$1"
}

# TIME SCRIPT PID EVENT STEP OPERATION TEXT, with tabs between: `switchback break-glass --accept` reads it.
log() {
  printf '%(%FT%TZ)T\t%s@%s\t%s\t%s\t%s\t%s\t%s\n' -1 "$run" "$line" "$$" "$1" "$2" "$3" "${4//[$'\t\n\r']/ }" >>"$log_file"
  sync -- "$log_file"
}

# The time of the first line about an event of a step, as seconds; nothing when there is none.
logged() {
  local at script event number
  [[ -e $log_file ]] || return 0
  while IFS=$'\t' read -r at script _ event number _; do
    [[ $script == "$run@$line" && $event == "$1" && $number == "$2" ]] || continue
    date -d "$at" +%s
    return 0
  done <"$log_file"
}

# Whether a step is logged as done, and a later one as begun.
passed() {
  local script event number settled='' later=''
  [[ -e $log_file ]] || return 1
  while IFS=$'\t' read -r _ script _ event number _; do
    [[ $script == "$run@$line" && $number =~ ^[0-9]+$ ]] || continue
    case $event in
      'done' | already | begin)
        if ((number > $1)); then
          later=1
        elif [[ $event != begin ]] && ((number == $1)); then
          settled=1
        fi
        ;;
    esac
  done <"$log_file"
  [[ -n $settled && -n $later ]]
}

# Short ids of the containers that were there when the script was run for the first time.
started_with() {
  local script event text
  while IFS=$'\t' read -r _ script _ event _ _ text; do
    [[ $script == "$run@$line" && $event == start ]] || continue
    printf '%s' "${text//,/ }"
    return 0
  done <"$log_file"
}

usage() {
  cat <<USAGE
usage: bash $0 [--dry-run] [--yes] [--from N] [--done N]
  --dry-run  show each step, and whether anything is in its way; change nothing
  --yes      do not ask
  --from N   leave out the steps before N
  --done N   step N was done by hand; go on after it
It can be killed at any moment and run again: what is done already is not done twice.
USAGE
}

manual_check() {
  local part sum
  for part in "${parts[@]}"; do
    [[ -f ${part#* } ]] || die 9 "the backup has lost ${part#* }"
    sum=$(sha256sum -- "${part#* }")
    [[ ${sum%% *} == "${part%% *}" ]] || die 9 "the backup has other content in ${part#* } than was written"
  done
}
manual_show() {
  note "BY HAND: $why_by_hand"
  printf '        $ %s\n' "${commands[@]}"
}
manual_done() { return 1; }
manual_do() {
  printf '\n        !!! STOP: this step is for a person !!!\n'
  manual_show
  die 7 "step $step has to be done by hand" "Type the commands above; then go on with: bash $0 --done $step"
}

enter_step() {
  step=$1 begun=0
  images=() layers=() start=() recreate=() files=() checks=() undoes=() commands=() parts=() only=() store_secret=()
  label='' compose_to='' compose_mode='' compose_link='' env_to=stays env_mode='' env_link='' within=600 to=''
  store='' store_service='' store_user='' store_database='' sql_digest='' protected_now='' data_now='' tag='' object=''
  why_by_hand='' every=1 consecutive=1
  "step_$step"
  prefer_layers
}

# Everything that can be looked at before is, for all steps, so that nothing stops half-way that could have been known.
check_all() {
  local number
  for ((number = first; number <= steps; number++)); do
    [[ -z $(logged by-hand "$number") && $number != "${1:-0}" ]] || continue
    enter_step "$number"
    "${kind}_check"
  done
}

dry_run() {
  local number problems=0
  for ((number = 1; number <= steps; number++)); do
    enter_step "$number"
    say "[$number/$steps] $title"
    "${kind}_show"
    ("${kind}_check") || problems=$?
  done
  say ''
  say 'Nothing was changed.'
  exit "$problems"
}

work_off() {
  local number began
  for ((number = first; number <= steps; number++)); do
    enter_step "$number"
    say "[$number/$steps] $title"
    fence
    if [[ -n $(logged by-hand "$number") ]]; then
      note 'was done by hand'
      continue
    fi
    # What a later step has built upon cannot be seen any more, and must not be done again.
    if passed "$number"; then
      note 'was done before'
      continue
    fi
    begun=$(logged begin "$number")
    begun=${begun:-$(date +%s)}
    if "${kind}_done"; then
      note 'is so already'
      log already "$number" "$operation" "$title"
      continue
    fi
    began=$SECONDS
    log begin "$number" "$operation" "$title"
    "${kind}_do"
    "${kind}_done" || die 6 "step $number ran, and yet it is not done" 'Look at what it said, and run this script again.'
    log 'done' "$number" "$operation" "$title ($((SECONDS - began)) s)"
    note "done in $((SECONDS - began)) s"
  done
}

leave() {
  local code=$?
  rm -f -- "$scratch"
  ((code != 1)) || printf '\nbreak-glass: a command failed in step %s; what it said stands above. Run this script again.\n' "${step:-0}" >&2
  [[ -z $lease ]] || log ended "${step:-0}" - "exit $code"
}

# Containers that were there before anything was done.
short_ids() {
  local ids id list=''
  ids=$(engine ps --all --quiet --filter "label=com.docker.compose.project=$project")
  for id in $ids; do list+="${list:+,}${id:0:12}"; done
  printf '%s' "$list"
}

main() {
  local yes='' dry='' by_hand='' answer rest ids
  first=1
  while (($# > 0)); do
    case $1 in
      --yes) yes=1 ;;
      --dry-run) dry=1 ;;
      --from | --done)
        if ! [[ ${2-} =~ ^[1-9][0-9]{0,3}$ ]] || (($2 > steps)); then die 2 "$1 needs the number of a step, 1 to $steps"; fi
        if [[ $1 == --from ]]; then first=$2; else by_hand=$2; fi
        shift
        ;;
      --help | -h) usage && exit 0 ;;
      *) usage >&2 && exit 2 ;;
    esac
    shift
  done
  [[ -f $journal ]] || die 4 "the journal $journal is not there" 'This script works on the home host of the target, where it was written.'
  [[ -d $stack ]] || die 4 "the stack $stack is not there"
  command -v docker >/dev/null || die 4 'docker is not on this machine'
  this_boot=$(</proc/sys/kernel/random/boot_id)
  scratch=$home/break-glass/scratch.$$
  trap leave EXIT
  trap 'exit 130' INT TERM
  cd /
  read_key
  scrub_environment
  read_on
  refuse_stale
  if [[ -n $dry ]]; then dry_run; fi
  refuse_workers
  refuse_other_script
  check_all "$by_hand"
  if [[ -z $yes ]]; then
    for ((rest = first; rest <= steps; rest++)); do
      enter_step "$rest"
      say "  $rest. $title"
    done
    printf '\nThis takes %s back to %s. Type its name (%s) to go on: ' "$target" "$destination" "$target"
    read -r answer || answer=''
    [[ $answer == "$target" ]] || die 7 'not confirmed: nothing was done' 'Or say --yes.'
  fi
  take_lease
  end_left_behind
  if [[ -z $(logged start 0) ]]; then
    ids=$(short_ids)
    log start 0 "$request" "$ids"
  fi
  there_before=$(started_with)
  log resumed 0 - "from step $first under lease $lease"
  if [[ -n $by_hand ]]; then
    enter_step "$by_hand"
    log by-hand "$by_hand" "$operation" "$title"
  fi
  work_off
  log finished "$steps" - "$target is at $destination"
  say ''
  say "$target is at $destination. What was done stands in $log_file."
  say "When Switchback is there again: switchback break-glass --accept --target $target"
}

main "$@"

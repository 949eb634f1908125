# --- The journal: who holds the target, and whether it says the same as when this script was written ---------------

journal=$home/journal.jsonl log_file=$home/break-glass.log
offset=0 seq=0 stale='' nonce_seen='' lease=''

# When a process was started, as the kernel counts it; nothing when it has ended.
started() {
  local stat fields
  { stat=$(<"/proc/$1/stat"); } 2>/dev/null || return 0
  read -ra fields <<<"${stat##*) }"
  [[ ${fields[0]} == Z ]] || printf '%s' "${fields[19]}"
}

alive() {
  local now
  now=$(started "$1")
  [[ -n $now && (-z $2 || $now == "$2") ]]
}

# Reads what was appended to the journal since the last look.
read_on() {
  local text json number sum
  while IFS= read -r text; do
    offset=$((offset + ${#text} + 1))
    # A damaged line is what a crash leaves; the number that it should have had comes again.
    [[ $text == '1 '????????????????' {"seq":'* ]] || continue
    json=${text:19}
    number=${json:7}
    number=${number%%,*}
    if ! [[ $number =~ ^[0-9]{1,15}$ ]] || ((number <= seq)); then continue; fi
    if ((number > line)); then
      sum=$(printf '%s' "$json" | sha256sum)
      [[ ${sum:0:16} == "${text:2:16}" ]] || continue
      take_in "$json"
    fi
    ((number == seq + 1)) || die 9 "the journal $journal has a hole after line $seq" 'Restore it from a copy.'
    seq=$number
  done < <(tail -c "+$((offset + 1))" -- "$journal")
}

# What a line that is newer than this script changes for it.
take_in() {
  [[ $1 =~ \"type\":\"([a-z-]+)\" ]] || return 0
  case ${BASH_REMATCH[1]} in
    lease-taken)
      [[ $1 =~ \"epoch\":([0-9]+),\"type\":\"lease-taken\",\"holder\":\{\"workflowId\":\"([^\"]*)\",\"workflowRunId\":\"([^\"]*)\"\} ]] || return 0
      epoch=${BASH_REMATCH[1]} holder="${BASH_REMATCH[2]} ${BASH_REMATCH[3]}"
      if [[ $1 =~ \"nonce\":\"([0-9a-f]+)\"\}$ ]]; then nonce_seen=${BASH_REMATCH[1]}; fi
      ;;
    lease-released) holder='' ;;
    identity)
      [[ $1 =~ \"resource\":\"([^\"]*)\",\"identity\":\"([^\"]*)\" ]] || return 0
      case ${BASH_REMATCH[1]} in
        file:*) known+=" ${BASH_REMATCH[2]//|/ }" ;;
        containers) ours=${BASH_REMATCH[2]//,/ } ;;
      esac
      ;;
    attempt | failure | refused | decision | run-state | phase-state) ;;
    *) stale=${BASH_REMATCH[1]} ;;
  esac
  return 0
}

refuse_stale() {
  ((seq >= line)) || die 9 "the journal has only $seq lines, and this script was written from line $line"
  [[ -z $stale ]] || die 5 "this script is out of date: the journal has a newer $stale" \
    "Take the newest one ($home/break-glass/latest), or write it afresh: switchback break-glass --target $target"
}

# A worker works on its own, and would not know of us until its next look at the journal.
refuse_workers() {
  local file
  for file in "$home"/workers/*; do
    [[ -e $file ]] || continue
    ! alive "${file##*/}" "$(<"$file")" || die 5 "the worker with pid ${file##*/} still runs, and may act on $target" \
      "End it first: switchback down, or kill ${file##*/}"
  done
}

refuse_other_script() {
  local boot pid begun
  [[ $holder == 'break-glass '* ]] || return 0
  IFS=/ read -r boot pid begun <<<"${holder#break-glass }"
  [[ $boot == "$this_boot" && $pid != "$$" ]] || return 0
  ! alive "$pid" "$begun" || die 5 "another break-glass script (pid $pid) is at work on $target" 'Let it end, or end it.'
}

# The journal's lease is the lock: whoever worked under an older one is refused from here on, also when it wakes up.
take_lease() {
  local tries json sum nonce begin
  for ((tries = 0; tries < 20; tries++)); do
    read_on
    refuse_stale
    refuse_workers
    refuse_other_script
    nonce=$(od -An -v -N8 -tx1 /dev/urandom)
    nonce=${nonce// /}
    printf -v json '{"seq":%d,"at":"%(%FT%T.000Z)T","run":"%s","epoch":%d,"type":"lease-taken","holder":{"workflowId":"break-glass","workflowRunId":"%s"},"nonce":"%s"}' \
      $((seq + 1)) -1 "$run" $((epoch + 1)) "$this_boot/$$/$(started $$)" "$nonce"
    sum=$(printf '%s' "$json" | sha256sum)
    # After a torn last line ours begins on a line of its own.
    begin=''
    [[ -z $(tail -c 1 -- "$journal") ]] || begin=$'\n'
    printf '%s1 %s %s\n' "$begin" "${sum:0:16}" "$json" >>"$journal"
    sync -- "$journal"
    read_on
    if [[ $nonce_seen == "$nonce" ]]; then lease=$epoch && return 0; fi
  done
  die 5 'the journal is written to by others without pause'
}

# Right before each effect.
fence() {
  read_on
  [[ $epoch == "$lease" && -z $stale ]] || die 5 "somebody else has taken $target over (lease $epoch)" 'Nothing more was done.'
}

# What a killed worker or script left running: it is ended before anything else works on the same things.
left_behind() {
  local folder variable
  for folder in /proc/[0-9]*; do
    [[ ${folder#/proc/} != "$$" && -r $folder/environ ]] || continue
    while IFS= read -r -d '' variable; do
      [[ $variable == "SWITCHBACK_OPERATION=$target/"* ]] || continue
      printf '%s\n' "${folder#/proc/}"
      break
    done <"$folder/environ" || true
  done 2>/dev/null
  return 0
}

end_left_behind() {
  local signal pids tries
  for signal in TERM KILL; do
    pids=$(left_behind)
    [[ -n $pids ]] || return 0
    note "ending what was left running: ${pids//$'\n'/ }"
    # shellcheck disable=SC2086
    kill "-$signal" $pids 2>/dev/null || true
    for ((tries = 0; tries < 50; tries++)); do
      [[ -n $(left_behind) ]] || return 0
      sleep 0.1
    done
  done
  die 5 "processes of an earlier attempt do not end: $(left_behind)"
}

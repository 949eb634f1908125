# shellcheck shell=bash disable=SC2154
# What all steps share: how a step runs, how it fails, and what is known about the machine.

current_step=''

step_name() {
  local name
  name=$(basename "$1" .sh)
  name=${name#[0-9][0-9]-}
  echo "${name//-/_}"
}

say() { printf 'setup: %s\n' "$*"; }

fail() {
  printf 'setup: %s\n' "$*" >&2
  exit 1
}

run_step() {
  local found started=$SECONDS
  current_step=$1
  if found=$("${1}_have"); then
    say "ok       $found"
  elif $check; then
    missing=$((missing + 1))
    say "missing  ${1//_/ }"
    "${1}_by_hand" | sed 's/^/           /'
  else
    # Not inside an `if`: there bash would ignore a failing command in the middle of the step.
    "${1}_get"
    found=$("${1}_have") || fail "${1//_/ }: was set up, but still does not answer"
    say "done     $found ($((SECONDS - started)) s)"
  fi
}

tell_what_to_do_by_hand() {
  local status=$?
  [ "$status" -ne 0 ] || return 0
  {
    echo "setup: stopped at: ${current_step//_/ }. By hand:"
    "${current_step}_by_hand" | sed 's/^/         /'
    echo "       then run scripts/setup again."
  } >&2
}

# Two set-ups at once (the demo and the tests, two checkouts) would fight over apt and start two daemons.
# Descriptor 9 is the lock: whatever outlives this script must be started with `9>&-`.
hold_setup_lock() {
  mkdir -p "$cache"
  command -v flock >/dev/null || return 0
  exec 9>"$cache/setup.lock"
  flock -n 9 && return 0
  say "waiting for another set-up on this machine"
  flock -w 900 9 || { echo "setup: another set-up holds $cache/setup.lock for 15 minutes" >&2; exit 1; }
}

# macOS has no timeout(1); there the command runs without a limit.
within() {
  if command -v timeout >/dev/null; then timeout "$@"; else shift && "$@"; fi
}

os_field() { [ -r /etc/os-release ] && (. /etc/os-release && eval "echo \"\${$1:-}\""); }
on_debian() { [ "$(os_field ID)" = debian ] && command -v apt-get >/dev/null; }
on_debian_as_root() { on_debian && [ "$(id -u)" -eq 0 ]; }

# The output of installers matters only when they fail; some say why at its start, some at its end.
quietly() {
  local log
  log=$(mktemp)
  if "$@" >"$log" 2>&1; then
    rm -f "$log"
    return 0
  fi
  if [ "$(wc -l <"$log")" -le 40 ]; then cat "$log"; else head -n 20 "$log" && echo ... && tail -n 20 "$log"; fi >&2
  rm -f "$log"
  return 1
}

apt_refreshed=false
apt_refresh() {
  $apt_refreshed && return 0
  quietly apt-get update
  apt_refreshed=true
}

apt_install() {
  apt_refresh
  DEBIAN_FRONTEND=noninteractive quietly apt-get install -y --no-install-recommends "$@"
}

# The Debian archives that this machine uses, as "URI suite" lines (bookworm, bookworm-updates, bookworm-security), so
# that no mirror has to be named here. Cloud images name a file with mirrors instead of a mirror.
debian_archives() {
  local codename uri suite list
  codename=$(os_field VERSION_CODENAME)
  # shellcheck disable=SC2016 # these are apt's own variables
  apt-get indextargets --format '$(REPO_URI) $(RELEASE)' \
    'Identifier: Packages' 'Component: main' 'Origin: Debian' | sort -u |
    while read -r uri suite; do
      case "$suite" in
        "$codename" | "$codename-updates" | "$codename-security") ;;
        *) continue ;;
      esac
      case "$uri" in
        mirror+file:*)
          list=${uri#mirror+file:}
          uri=$(grep -m 1 -oE '^[a-z]+://[^[:space:]]+' "$list") || continue
          ;;
      esac
      echo "${uri%/} $suite"
    done
}

debian_mirror() {
  debian_archives | awk -v suite="$(os_field VERSION_CODENAME)" '$2 == suite { print $1; exit }'
}

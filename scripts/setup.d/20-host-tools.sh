# shellcheck shell=bash
# Command line tools that the worker runs on its own host.

host_tools_missing() {
  local pair missing=()
  for pair in zstd:zstd git:git psql:postgresql-client redis-server:redis-server redis-cli:redis-tools; do
    command -v "${pair%%:*}" >/dev/null || missing+=("${pair#*:}")
  done
  echo ${missing[@]+"${missing[*]}"}
}

host_tools_have() {
  [ -z "$(host_tools_missing)" ] || return 1
  echo "zstd, git, psql, redis"
}

host_tools_get() {
  local packages
  packages=$(host_tools_missing)
  on_debian_as_root || fail "not found on PATH: what $packages brings"
  say "install  $packages with apt-get"
  # shellcheck disable=SC2086 # a list of package names
  apt_install $packages
}

host_tools_by_hand() {
  cat <<'TEXT'
Debian, Ubuntu: sudo apt-get install zstd git postgresql-client redis-server
macOS:          brew install zstd git libpq redis && brew link --force libpq
TEXT
}

# shellcheck shell=bash
# `docker compose` 2.20 or newer. Debian 12 has only Compose 1, so the plugin is taken out of the package of the next
# release, without adding that release to the machine's own apt sources.

compose_plugin_have() {
  local version major minor
  version=$(within 10 docker compose version --short 2>/dev/null) || return 1
  version=${version#v}
  major=${version%%.*}
  minor=${version#*.}
  minor=${minor%%.*}
  [ "$major" -gt 2 ] || { [ "$major" -eq 2 ] && [ "$minor" -ge 20 ]; } || return 1
  echo "Compose plugin $version"
}

compose_plugin_get() {
  on_debian || fail "docker compose 2.20 or newer was not found"
  local work
  work=$(mktemp -d)
  say "install  Compose plugin (docker-compose of Debian 13)"
  download_from_debian_13 docker-compose "$work"
  dpkg-deb -x "$work"/docker-compose_*.deb "$work/tree"
  install -D -m 0755 "$work/tree/usr/libexec/docker/cli-plugins/docker-compose" "$(compose_plugin_folder)/docker-compose"
  rm -rf "$work"
}

compose_plugin_by_hand() {
  cat <<'TEXT'
have `docker compose version` report 2.20 or newer: https://docs.docker.com/compose/install/linux/
(Docker Desktop has it; Docker's own apt and yum packages call it docker-compose-plugin)
TEXT
}

# For all users where possible: the worker calls Compose with a scrubbed environment.
compose_plugin_folder() {
  if [ "$(id -u)" -eq 0 ]; then echo /usr/local/lib/docker/cli-plugins; else echo "${DOCKER_CONFIG:-$HOME/.docker}/cli-plugins"; fi
}

# apt with a state of its own: neither the machine's package lists nor its sources change.
download_from_debian_13() {
  local package=$1 folder=$2 mirror
  if [ "$(id -u)" -eq 0 ]; then apt_refresh; fi
  mirror=$(debian_mirror)
  [ -n "$mirror" ] || fail "no Debian mirror was found in the apt sources of this machine"
  mkdir -p "$folder/lists/partial" "$folder/cache/archives/partial"
  echo "deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] $mirror trixie main" >"$folder/sources.list"
  local own=(
    -o "Dir::Etc::SourceList=$folder/sources.list" -o Dir::Etc::SourceParts=/dev/null
    -o "Dir::State::Lists=$folder/lists" -o "Dir::Cache=$folder/cache"
    -o APT::Sandbox::User=root
  )
  quietly apt-get "${own[@]}" update
  (cd "$folder" && quietly apt-get "${own[@]}" download "$package")
}

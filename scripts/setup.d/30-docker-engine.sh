# shellcheck shell=bash disable=SC2154
# A Docker daemon that answers. A daemon is only ever started, never stopped or reconfigured: it may be the user's.

docker_engine_have() {
  local version
  version=$(within 10 docker version --format '{{.Server.Version}}' 2>/dev/null) && [ -n "$version" ] || return 1
  echo "Docker Engine $version"
}

docker_engine_get() {
  [ -z "${DOCKER_HOST:-}" ] || fail "the Docker daemon at DOCKER_HOST does not answer"
  on_debian_as_root || fail "no Docker daemon answers"
  if ! command -v dockerd >/dev/null; then
    say "install  Docker Engine (docker.io) with apt-get"
    install_docker_engine
  fi
  if docker_service_manager; then
    docker_answers_within 30 || fail "Docker is installed as a system service that does not run"
    return 0
  fi
  if pidof dockerd >/dev/null; then
    say "wait     a dockerd runs already, it may still be starting"
    docker_answers_within 60 || fail "a dockerd process runs, but does not answer"
    return 0
  fi
  say "start    dockerd (log: $cache/dockerd.log)"
  remove_traces_of_a_killed_daemon
  # The daemon outlives this script, its terminal and its process group.
  setsid dockerd >>"$cache/dockerd.log" 2>&1 </dev/null 9>&- &
  docker_answers_within 60 $! || {
    tail -n 20 "$cache/dockerd.log" >&2
    fail "dockerd does not answer"
  }
}

docker_engine_by_hand() {
  cat <<'TEXT'
have a Docker daemon (20.10 or newer) that answers to: docker version
Docker Desktop: start it. Linux with systemd: sudo systemctl start docker
"permission denied" on the socket: sudo usermod -aG docker "$USER", then log in again
nothing installed: Debian, Ubuntu: sudo apt-get install docker.io; others: https://docs.docker.com/engine/install/
TEXT
}

install_docker_engine() {
  apt_refresh
  local packages=docker.io
  # From Debian 13 on the client is a package of its own.
  if ! command -v docker >/dev/null && apt-cache show docker-cli >/dev/null 2>&1; then
    packages="$packages docker-cli"
  fi
  # shellcheck disable=SC2086 # a list of package names
  apt_install $packages
  hash -r
}

# With systemd the package starts the service itself; a second daemon beside a stopped service would be wrong.
docker_service_manager() { [ -d /run/systemd/system ]; }

docker_answers_within() {
  local deadline=$((SECONDS + $1)) pid=${2:-}
  until docker_engine_have >/dev/null; do
    [ "$SECONDS" -lt "$deadline" ] || return 1
    if [ -n "$pid" ] && ! kill -0 "$pid" 2>/dev/null; then return 1; fi
    sleep 0.3
  done
}

# After SIGKILL pid files and sockets stay, and dockerd takes any process with that pid, even an unreaped dead one, for
# itself; before a socket that nobody serves it would wait for a containerd that never answers. A containerd that
# survived its dockerd is taken over by the next one.
remove_traces_of_a_killed_daemon() {
  rm -f /var/run/docker.pid
  if ! pidof containerd >/dev/null; then
    rm -f /run/containerd/containerd.sock /var/run/docker/containerd/containerd.{pid,sock}
  fi
}

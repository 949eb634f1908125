# shellcheck shell=bash
# The one base image of examples and tests: pulled where a registry is reached, else made from Debian packages.

base_image=debian:bookworm-slim

base_image_have() {
  within 10 docker image inspect "$base_image" >/dev/null 2>&1 || return 1
  echo "image $base_image"
}

base_image_get() {
  local limit=600
  # Where the image can be made without a registry, do not wait long for one.
  if on_debian_as_root; then limit=60; fi
  say "pull     $base_image"
  within "$limit" docker pull --quiet "$base_image" >/dev/null 2>&1 && return 0
  on_debian_as_root || fail "$base_image could not be pulled"
  say "make     $base_image with debootstrap (no registry was reached)"
  command -v debootstrap >/dev/null || apt_install debootstrap
  apt_refresh
  make_base_image
}

base_image_by_hand() {
  cat <<TEXT
docker pull $base_image
or, where no registry can be reached, on any Debian machine as root:
  debootstrap --variant=minbase bookworm ./rootfs && tar -C ./rootfs -c . | docker import - $base_image
TEXT
}

make_base_image() {
  local mirror work include=()
  mirror=$(debian_mirror)
  [ -n "$mirror" ] || fail "no Debian mirror was found in the apt sources of this machine"
  # apt speaks https only where it finds certificates.
  case "$mirror" in https:*) include=(--include=ca-certificates) ;; esac
  work=$(mktemp -d)
  quietly debootstrap --variant=minbase ${include[@]+"${include[@]}"} bookworm "$work/rootfs" "$mirror"
  base_image_apt_sources >"$work/rootfs/etc/apt/sources.list"
  base_image_apt_settings >"$work/rootfs/etc/apt/apt.conf.d/90host"
  if [ ${#include[@]} -gt 0 ]; then cp /etc/ssl/certs/ca-certificates.crt "$work/rootfs/etc/ssl/certs/"; fi
  slim_down "$work/rootfs"
  tar -C "$work/rootfs" --numeric-owner -c . |
    docker import --change 'CMD ["bash"]' - "$base_image" >/dev/null
  rm -rf --one-file-system "$work"
}

# What works for the host works inside `docker build`.
base_image_apt_sources() {
  local codename
  codename=$(os_field VERSION_CODENAME)
  debian_archives | sed "s/ $codename/ bookworm/; s/^/deb /; s/\$/ main/"
}

base_image_apt_settings() {
  apt-config dump |
    grep -iE '^Acquire::(https?::Proxy(::[^ ]+)?|Check-Valid-Until|Check-Date|https::([^ ]+::)?Verify-(Peer|Host)) ' || true
  echo 'APT::Install-Recommends "false";'
  echo 'Acquire::Languages "none";'
}

# Like the published slim image: no documentation, no package lists, and packages start no services while they install.
slim_down() {
  local rootfs=$1
  rm -rf "$rootfs"/var/cache/apt/archives/*.deb "$rootfs"/var/lib/apt/lists/* "$rootfs"/var/log/bootstrap.log
  find "$rootfs/usr/share/doc" "$rootfs/usr/share/man" "$rootfs/usr/share/info" "$rootfs/usr/share/locale" \
    ! -type d ! -name copyright -delete
  printf 'path-exclude /usr/share/%s/*\n' doc man info locale >"$rootfs/etc/dpkg/dpkg.cfg.d/docker"
  echo 'path-include /usr/share/doc/*/copyright' >>"$rootfs/etc/dpkg/dpkg.cfg.d/docker"
  printf '#!/bin/sh\nexit 101\n' >"$rootfs/usr/sbin/policy-rc.d"
  chmod 0755 "$rootfs/usr/sbin/policy-rc.d"
}

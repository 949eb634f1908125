# shellcheck shell=bash disable=SC2154
# A small S3 server for one test. Only Go can get it; without Go that test says that it was left out, and nothing else needs it.

s3_server_version=v1.2.0

s3_server_have() {
  [ -x "$cache/bin/gofakes3" ] && echo "S3 server for a test $cache/bin/gofakes3" && return 0
  command -v go >/dev/null && return 1
  echo "no S3 server, since there is no Go to build it: one test is left out"
}

s3_server_get() {
  local work
  say "build    gofakes3 $s3_server_version with Go"
  mkdir -p "$cache/bin"
  work=$(mktemp -d "$cache/bin/.build-XXXXXX")
  (cd / && GOBIN=$work GOFLAGS='' quietly go install "github.com/johannesboyne/gofakes3/cmd/gofakes3@$s3_server_version")
  mv -f "$work/gofakes3" "$cache/bin/gofakes3"
  rmdir "$work"
}

s3_server_by_hand() {
  echo "GOBIN=$cache/bin go install github.com/johannesboyne/gofakes3/cmd/gofakes3@$s3_server_version"
}

# shellcheck shell=bash disable=SC2154
# The Temporal CLI: it carries the development server and the Web UI.

# The last version that `go install` accepts: later ones have replace directives in their go.mod.
temporal_cli_version=v1.5.1

temporal_cli_have() {
  local path version
  path=$("$root/scripts/find-temporal" 2>/dev/null) && version=$("$path" --version 2>/dev/null) || return 1
  echo "Temporal CLI $path (${version#temporal version })"
}

temporal_cli_get() {
  command -v go >/dev/null || fail "neither the Temporal CLI nor Go (to build it) was found"
  say "build    Temporal CLI $temporal_cli_version with Go (some minutes, once)"
  local work
  mkdir -p "$cache/bin"
  # Built beside and renamed: an interrupted build must not leave half a binary where find-temporal looks.
  work=$(mktemp -d "$cache/bin/.build-XXXXXX")
  (cd / && GOBIN=$work GOFLAGS='' quietly go install "github.com/temporalio/cli/cmd/temporal@$temporal_cli_version")
  mv -f "$work/temporal" "$cache/bin/temporal"
  rmdir "$work"
}

temporal_cli_by_hand() {
  cat <<TEXT
put the Temporal CLI on PATH: https://docs.temporal.io/cli/setup-cli (macOS: brew install temporal)
or install Go 1.24 or newer, which lets this script build it
or put a binary named temporal into $cache/bin
TEXT
}

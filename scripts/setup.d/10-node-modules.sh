# shellcheck shell=bash disable=SC2154
# The packages of package-lock.json.

node_modules_have() {
  if [ ! -f "$root/package.json" ]; then
    echo "node modules (no package.json)"
    return 0
  fi
  command -v node >/dev/null && [ -f "$root/node_modules/.package-lock.json" ] || return 1
  # File times say nothing after a checkout or an `npm install`: compare what is locked with what is installed.
  # Optional packages may be for other platforms.
  # shellcheck disable=SC2016 # the quoted text is JavaScript
  (cd "$root" && node -e '
    const read = (file) => JSON.parse(require("fs").readFileSync(file, "utf8")).packages;
    const [locked, installed] = ["package-lock.json", "node_modules/.package-lock.json"].map(read);
    const wrong = Object.entries(locked).filter(([path, is]) =>
      path !== "" && !is.link && !is.optional && !is.devOptional && installed[path]?.version !== is.version);
    if (wrong.length > 0) process.exit(1);
    console.log(`node modules (${Object.keys(installed).length} packages, node ${process.version})`);
  ' 2>/dev/null)
}

node_modules_get() {
  command -v npm >/dev/null || fail "npm was not found"
  if [ -f "$root/package-lock.json" ]; then
    say "install  node modules from package-lock.json"
    (cd "$root" && quietly npm ci --no-audit --no-fund)
  else
    say "install  node modules (there is no package-lock.json yet)"
    (cd "$root" && quietly npm install --no-audit --no-fund)
  fi
}

node_modules_by_hand() {
  cat <<'TEXT'
install Node.js 20.3 or newer with npm, then in this folder: npm ci
(npm ci refuses when package.json and package-lock.json disagree: then npm install)
TEXT
}

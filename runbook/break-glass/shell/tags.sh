# --- Tags: only the very object that was made, which stays reachable in the repository -----------------------------

in_git() { git -C "$stack" -c core.hooksPath=/dev/null "$@"; }
tag_now() { in_git rev-parse --verify --quiet "refs/tags/$tag" || true; }
tag_check() { command -v git >/dev/null || die 4 'git is not on this machine' "Take the tag back later, and say so: --done $step"; }
tag_show() { show_command git -C "$stack" update-ref -d "refs/tags/$tag" "$object"; }
tag_done() { [[ -z $(tag_now) ]]; }
tag_do() {
  [[ $(tag_now) == "$object" ]] || die 9 "tag $tag is not the one that was made" "Somebody made it anew. Leave it, and say so: --done $step"
  fence
  printf 'update refs/switchback/taken-back/%s/%s\0%s\0\0delete refs/tags/%s\0%s\0' \
    "$tag" "${object:0:12}" "$object" "$tag" "$object" | in_git update-ref --stdin -z
}

# --- Files: known by the keyed digests of the journal, replaced in one rename --------------------------------------

inner='' outer=''

# Contents are named by HMAC-SHA256 under the home's key: a plain hash of an env file could be guessed at.
read_key() {
  local byte count=0
  for byte in $(od -An -v -tx1 -- "$key_file"); do
    inner+=$(printf '\\x%02x' $((0x$byte ^ 0x36)))
    outer+=$(printf '\\x%02x' $((0x$byte ^ 0x5c)))
    count=$((count + 1))
  done
  ((count == 32)) || die 9 "$key_file is not a key"
  for (( ; count < 64; count++)); do inner+='\x36' outer+='\x5c'; done
}

digest() {
  local sum at bytes=''
  sum=$({ printf '%b' "$inner" && cat -- "$1"; } | sha256sum) || return 1
  for ((at = 0; at < 64; at += 2)); do bytes+="\\x${sum:at:2}"; done
  sum=$({ printf '%b' "$outer" && printf '%b' "$bytes"; } | sha256sum) || return 1
  printf '%s' "${sum:0:64}"
}

content() { printf '%s/content/%s/%s' "$home" "${1:0:2}" "${1:2}"; }

# The content with a digest is in the home, and is what it was.
require_content() {
  local found
  [[ $1 != absent ]] || return 0
  [[ -f $(content "$1") ]] || die 9 "content ${1:0:12} is missing from $home/content"
  found=$(digest "$(content "$1")")
  [[ $found == "$1" ]] || die 9 "content ${1:0:12} in $home/content is damaged"
}

# What a path of the stack holds now: a digest, or `absent`.
held() {
  if [[ -e $stack/$1 || -L $stack/$1 ]]; then digest "$stack/$1"; else printf 'absent'; fi
}

holds() { [[ $(held "$1") == "$2" ]]; }

edited() { die 9 "$stack/$1 was changed by somebody" 'Save that change elsewhere, and put the file back to what it was. Nothing was overwritten.'; }

# Somebody's edit is never overwritten: what is replaced must be a content that the journal knows.
require_known() {
  local now
  now=$(held "$1")
  [[ " $known " == *" $now "* ]] || edited "$1"
}

require_inside() {
  local folder
  folder=$(realpath -m -- "$(dirname -- "$stack/$1")")
  [[ $folder/ == "$(realpath -e -- "$stack")"/* ]] || die 8 "$1 leads out of the stack"
}

# put PATH DIGEST MODE LINK: the file gets a content, or becomes a link to a versioned file that holds it.
put() {
  local path=$1 to=$2 mode=$3 link=$4 file=$stack/$1 part now
  require_inside "$path"
  part=${file%/*}/.${file##*/}.switchback-partial
  rm -f -- "$part"
  now=$(held "$path")
  # What is replaced stays in the home.
  if [[ $now != absent && ! -f $(content "$now") ]]; then
    mkdir -p -- "$home/content/${now:0:2}"
    cp -- "$file" "$(content "$now").partial"
    mv -f -- "$(content "$now").partial" "$(content "$now")"
  fi
  fence
  if [[ $to == absent ]]; then
    rm -f -- "$file"
  else
    mkdir -p -- "${file%/*}"
    if [[ -n $link && -f $stack/$link && $(held "$link") == "$to" ]]; then
      ln -s -- "$(realpath --no-symlinks --relative-to="${file%/*}" -- "$stack/$link")" "$part"
    else
      cp -- "$(content "$to")" "$part"
      if [[ -f $file && ! -L $file ]]; then
        chown --reference="$file" -- "$part"
        mode=${mode:-$(stat -c %a -- "$file")}
      else
        chown --reference="${file%/*}" -- "$part"
      fi
      chmod "${mode:-600}" -- "$part"
      sync -- "$part"
    fi
    mv -fT -- "$part" "$file"
  fi
  sync -- "${file%/*}"
  note "$path holds ${to:0:12}"
}

# A list of files, five words each: PATH FROM TO MODE KIND.
files_each() {
  local index
  for ((index = 0; index < ${#files[@]}; index += 5)); do "$1" "${files[@]:index:5}"; done
}

# Like `held`, but of a link itself: the digest of where it points to.
held_entry() {
  if [[ -L $stack/$1 ]]; then
    readlink -n -- "$stack/$1" | digest -
  elif [[ -f $stack/$1 ]]; then
    digest "$stack/$1"
  else
    printf 'absent'
  fi
}

file_check() {
  local now
  require_content "$3"
  now=$(held_entry "$1")
  [[ $now == "$2" || $now == "$3" ]] || edited "$1"
}
file_look() { [[ $(held_entry "$1") == "$3" ]] || away=1; }
file_put() {
  [[ $(held_entry "$1") != "$3" ]] || return 0
  require_inside "$1"
  if [[ $5 == link ]]; then
    fence
    mkdir -p -- "$(dirname -- "$stack/$1")"
    ln -sfnT -- "$(<"$(content "$3")")" "$stack/$1"
    note "$1 is a link again"
  else
    put "$1" "$3" "$4" ''
  fi
}
file_show() { note "put $1 back to ${3:0:12}"; }

files_check() { files_each file_check; }
files_show() { files_each file_show; }
files_do() {
  files_check
  files_each file_put
}
files_done() {
  local away=''
  files_each file_look
  [[ -z $away ]]
}

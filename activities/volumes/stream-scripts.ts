/**
 * What the scripts of helper containers share: how a tree becomes one stream, and how a stream is counted and hashed on its way.
 * Texts for `bash -c`: every value comes as an argument, so nothing is ever interpolated.
 */

/**
 * Ways to read a tree into one tar stream. The hash of that stream is the fingerprint of content and metadata together, so a way
 * that was ever used is never changed: an older point is compared in the way in which it was taken.
 *
 * Both are sorted, without access and change times, and without process ids in the names of extended headers (why the sparse format is
 * 0.0). `2` writes records of 1 MiB, where `1` made a system call for every 10 KiB, and carries ACLs as the extended attributes
 * that they are: asking for them by name costs tar a walk through /proc for every file.
 */
export const readTree = `
read_tree() {
  local way=(--blocking-factor=2048)
  if [ "$2" = 1 ]; then way=(--acls); fi
  tar --create --file="\${3:--}" --format=posix --sort=name --numeric-owner --xattrs '--xattrs-include=*' "\${way[@]}" \\
    --sparse --sparse-version=0.0 --one-file-system \\
    --pax-option=exthdr.name=%d/PaxHeaders/%f,delete=atime,delete=ctime "\${@:4}" --directory="$1" .
}
# Writes to file $3 what tar would say of each file: of an archive that goes to /dev/null, it reads no content.
list_tree() { read_tree "$1" "$2" /dev/null -vv --full-time --index-file="$3"; }
digest() {
  if [ "$1" = blake3 ]; then b3sum --num-threads 1; elif command -v openssl >/dev/null; then openssl dgst -sha256 -r; else sha256sum; fi | cut -c1-64
}
`;

/** The way of new points. */
export const treeWay = 2;

/**
 * What a stream is hashed with. BLAKE3 takes a fifth of the processor time of SHA-256 by the processor's own instructions, and a stream is
 * hashed at the backup and twice at a restore.
 */
export type StreamHash = 'blake3' | 'sha256';

/**
 * Passes stdin on to stdout, and to file $1 unless that is empty; writes to file $2 how many bytes that was so far, and stops after $3
 * bytes, if given. Between pipes nothing is copied: tee(2) and splice(2) pass the pages on, which saves up to a quarter of the processor time
 * of a backup. Where the kernel, the processor or the file system has none of that, it copies. What goes to a file starts on its
 * way to the disk at once, so that the sealing does not wait for all of it in the end.
 */
export const relay = `
relay() {
  perl -e '
    use strict; use Errno; use POSIX (); my ($copy, $progress, $limit) = @ARGV; my ($count, $told, $flushed, $block) = (0, 0, 0, "");
    my %calls = (x86_64 => [276, 275, 277], aarch64 => [77, 76, 84], riscv64 => [77, 76, 84]);
    my ($tee, $splice, $flush) = @{ $calls{(POSIX::uname())[4]} // [] };
    my $to; if (length $copy) { open($to, ">", $copy) or die "$copy: $!\\n" }
    binmode $_ for grep { defined($_) } $to, \\*STDIN, \\*STDOUT;
    # 1031: F_SETPIPE_SZ. More in one go means fewer changes of process.
    for (grep { defined($_) && -p $_ } $to, \\*STDIN, \\*STDOUT) { fcntl($_, 1031, 1 << 20) }
    my $regular = -f STDOUT; my @fd = (0, 1, defined $to ? fileno $to : -1);
    sub unable { $!{EINVAL} || $!{ENOSYS} || $!{EPERM} }
    sub put { my $fd = shift; my $at = 0; while ($at < length $block) { my $n = syswrite($fd, $block, length($block) - $at, $at); defined $n or die "write: $!\\n"; $at += $n } }
    sub take { my $n = sysread(STDIN, $block, shift); defined $n or die "read: $!\\n"; $n }
    sub tell_count { if (open(my $file, ">", $progress)) { print $file $count; close $file } }
    sub pass {
      my $left = shift;
      while ($left) {
        my $n = $splice ? syscall($splice, 0, 0, 1, 0, $left, 0) : -1;
        if ($n < 0 && $splice) { unable() or die "write: $!\\n"; $splice = 0; next }
        if ($n < 0) { $n = take($left); put(\\*STDOUT) }
        $n or die "the stream ended in the middle\\n"; $left -= $n;
      }
    }
    while (1) {
      my $n;
      if ($tee && $to && ($n = syscall($tee, 0, $fd[2], 1 << 20, 0)) < 0) { unable() or die "tee: $!\\n"; $tee = 0 }
      if ($tee && $to) { last if !$n; within($n); pass($n) }
      elsif ($to) { $n = take(1 << 20) or last; within($n); put($to); put(\\*STDOUT) }
      elsif ($splice && ($n = syscall($splice, 0, 0, 1, 0, 1 << 20, 0)) < 0) { unable() or die "write: $!\\n"; $splice = 0; next }
      elsif ($splice) { last if !$n; within($n) }
      else { $n = take(1 << 20) or last; within($n); put(\\*STDOUT) }
      # 2: SYNC_FILE_RANGE_WRITE. It starts the writing and waits for nothing; that it fails somewhere does no harm.
      if ($regular && $flush && $count - $flushed >= 8 << 20) { syscall($flush, 1, $flushed, $count - $flushed, 2); $flushed = $count }
      if (time - $told >= 1) { $told = time; tell_count() }
    }
    sub within { $count += shift; die "more than $limit bytes come out of the archive\\n" if $limit && $count > $limit }
    if ($to) { close $to or die "$copy: $!\\n" }
    print STDERR "metered $count\\n"; tell_count() if length $progress' "$@"
}
`;

import { readTree, relay } from './stream-scripts.ts';
import { tarReader } from './tar-script.ts';
import { unpack } from './unpack-script.ts';

/**
 * Looks through the archive /point/$1, and extracts nothing: prints hash $4 of its stream, then a line for each of the first entries
 * that no backup writes, and that somebody may have forged to get out of the volume. Devices are marked, since a volume may hold some.
 * Stops after $3 bytes.
 */
export const inspectScript = `set -uo pipefail
rm -f "/progress/$0"
${readTree}${relay}${unpack}mkfifo /tmp/plain
digest "$4" </tmp/plain >/tmp/plain.sum & plain=$!
unpack "$1" "$2" | relay /tmp/plain /progress/bytes "$3" 2>/tmp/said | perl -e '${tarReader}
  my (%is, $told);
  sub show { my $name = shift; $name =~ s/([^\\x21-\\x7e]|\\\\)/sprintf("\\\\x%02x", ord $1)/ge; length $name > 100 ? substr($name, 0, 97) . "..." : $name }
  sub say_of { my ($name, $why) = @_; print show($name), " $why\\n" if $told++ < 5 }
  sub damage { say_of(@_); undef }
  sub plain { join "/", grep { $_ ne "" && $_ ne "." } split m{/}, shift }
  sub below { my @parts = split m{/}, shift; pop @parts; my $at = ""; for (@parts) { $at .= length $at ? "/$_" : $_; return $at if ($is{$at} // "") eq "2" } undef }
  while (my $member = member()) {
    my ($name, $link, $type) = @$member{qw(name link type)}; my $to = plain($name);
    if ($name =~ m{^/}) { say_of($name, "is an absolute path") }
    elsif (grep { $_ eq ".." } split m{/}, $name) { say_of($name, "leads out of the volume") }
    elsif (defined(my $over = below($to))) { say_of($name, "lies behind the symbolic link " . show($over)) }
    elsif (defined $is{$to} && $type ne "5") { say_of($name, "is there twice") }
    if ($type eq "1") {
      my $from = plain($link);
      say_of($name, "is a hard link to " . show($link) . ", which is not in the archive")
        if $link =~ m{^/} || !defined $is{$from} || $is{$from} eq "5" || defined below($from);
    }
    elsif ($type =~ /[34]/) { print "device ", show($name), " is a device\\n" if !$is{device}++ }
    elsif ($type !~ /[0\\x{0}2567S]/) { say_of($name, "is of a kind that no backup writes") }
    $is{$to} = $type;
  }
  1 while length get(1 << 20)' >/tmp/found
grep -v metered /tmp/said | head -1 >>/tmp/found
wait "$plain"
{ cat /tmp/plain.sum; cat /tmp/found; } >"/progress/$0"
exit 0
`;

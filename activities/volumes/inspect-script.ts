import { readTree, relay } from './stream-scripts.ts';
import { unpack } from './unpack-script.ts';

/**
 * Looks through the archive /point/$1, and extracts nothing: prints the SHA-256 of its stream, then a line for each of the first entries
 * that no backup writes, and that somebody may have forged to get out of the volume. Devices are marked, since a volume may hold some.
 * Stops after $3 bytes.
 */
export const inspectScript = `set -uo pipefail
rm -f "/progress/$0"
${readTree}${relay}${unpack}mkfifo /tmp/plain
digest </tmp/plain >/tmp/plain.sum & plain=$!
unpack "$1" "$2" | relay /tmp/plain /progress/bytes "$3" 2>/tmp/said | perl -e '
  use strict; binmode STDIN; my (%is, %pax, $told);
  sub get { my $left = shift; my $all = ""; while ($left > 0) { my $n = sysread(STDIN, $all, $left, length $all); last if !$n; $left -= $n } $all }
  sub skip { my $left = shift; while ($left > 0) { my $n = length get($left < 1 << 20 ? $left : 1 << 20); last if !$n; $left -= $n } }
  sub padded { (shift() + 511) & ~511 }
  sub show { my $name = shift; $name =~ s/([^\\x21-\\x7e]|\\\\)/sprintf("\\\\x%02x", ord $1)/ge; length $name > 100 ? substr($name, 0, 97) . "..." : $name }
  sub say_of { my ($name, $why) = @_; print show($name), " $why\\n" if $told++ < 5 }
  sub plain { join "/", grep { $_ ne "" && $_ ne "." } split m{/}, shift }
  sub below { my @parts = split m{/}, shift; pop @parts; my $at = ""; for (@parts) { $at .= length $at ? "/$_" : $_; return $at if ($is{$at} // "") eq "2" } undef }
  while (length(my $head = get(512)) == 512) {
    last if $head !~ /[^\\0]/;
    my ($name, $size, $sum, $type, $link, $magic, $prefix) = unpack("Z100 x24 a12 x12 a8 a Z100 a6 x82 Z155", $head);
    my $blank = $head; substr($blank, 148, 8) = " " x 8;
    if (unpack("%32C*", $blank) != oct($sum =~ /([0-7]+)/ ? $1 : 0)) { say_of("", "a header is damaged"); last }
    my $bytes = ord($size) & 0x80 ? unpack("Q>", substr $size, 4) : oct($size =~ /([0-7]+)/ ? $1 : 0);
    $name = "$prefix/$name" if length $prefix && $magic eq "ustar\\0";
    if ($type =~ /[xgLK]/) {
      if ($bytes > 1 << 20) { say_of($name, "has a header of $bytes bytes"); last }
      my $body = substr(get(padded($bytes)), 0, $bytes);
      if ($type eq "L") { ($pax{path}) = unpack("Z*", $body) } elsif ($type eq "K") { ($pax{linkpath}) = unpack("Z*", $body) }
      elsif ($type eq "x") { my $at = 0; while (substr($body, $at) =~ /^(\\d+) ([^=]+)=/) { my ($length, $key) = ($1, $2); last if !$length; $pax{$key} = substr($body, $at + length("$length $key="), $length - length("$length $key=") - 1); $at += $length } }
      next;
    }
    $name = $pax{"GNU.sparse.name"} // $pax{path} // $name; $link = $pax{linkpath} // $link; $bytes = $pax{size} // $bytes; %pax = ();
    my $to = plain($name);
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
    $is{$to} = $type; skip(padded($bytes)) if $type !~ /[1-6]/;
  }
  1 while length get(1 << 20)' >/tmp/found
grep -v metered /tmp/said | head -1 >>/tmp/found
wait "$plain"
{ cat /tmp/plain.sum; cat /tmp/found; } >"/progress/$0"
exit 0
`;

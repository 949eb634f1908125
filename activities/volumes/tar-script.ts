/**
 * Reads a tar stream on stdin, in perl: `member()` gives the next entry as it is meant, with its extended headers merged in, and skips what is
 * in it. `name`, `link`, `type`, `mode`, `uid`, `gid`, `mtime`, `device`, `size` (of a sparse file its length, not what is in the archive of
 * it), and `pax` for all else. `damage` is called with a name and what is wrong, where nothing more can be read.
 */
export const tarReader = `
  use strict; binmode STDIN; my $left = 0;
  sub get { my $want = shift; my $all = ""; while ($want > 0) { my $n = sysread(STDIN, $all, $want, length $all); last if !$n; $want -= $n } $all }
  sub skip { while ($left > 0) { my $n = length get($left < 1 << 20 ? $left : 1 << 20); last if !$n; $left -= $n } }
  sub padded { (shift() + 511) & ~511 }
  sub number { my $field = shift; ord($field) & 0x80 ? unpack("Q>", substr $field, -8) : oct($field =~ /([0-7]+)/ ? $1 : 0) }
  sub member {
    my %pax; skip();
    while (length(my $head = get(512)) == 512) {
      return if $head !~ /[^\\0]/;
      my ($name, $mode, $uid, $gid, $size, $mtime, $sum, $type, $link, $magic, $device, $prefix) =
        unpack("Z100 a8 a8 a8 a12 a12 a8 a Z100 a6 x66 a16 Z155", $head);
      my $blank = $head; substr($blank, 148, 8) = " " x 8;
      return damage("", "a header is damaged") if unpack("%32C*", $blank) != number($sum);
      my $bytes = number($size);
      $name = "$prefix/$name" if length $prefix && $magic eq "ustar\\0";
      if ($type =~ /[xgLK]/) {
        return damage($name, "has a header of $bytes bytes") if $bytes > 1 << 20;
        my $body = substr(get(padded($bytes)), 0, $bytes);
        if ($type eq "L") { ($pax{path}) = unpack("Z*", $body) } elsif ($type eq "K") { ($pax{linkpath}) = unpack("Z*", $body) }
        elsif ($type eq "x") {
          my $at = 0;
          while (substr($body, $at) =~ /^(\\d+) ([^=]+)=/) {
            my ($length, $key) = ($1, $2); last if !$length;
            $pax{$key} = substr($body, $at + length("$length $key="), $length - length("$length $key=") - 1);
            $at += $length;
          }
        }
        next;
      }
      my %is = (mode => number($mode), uid => number($uid), gid => number($gid), mtime => number($mtime), device => $device);
      $bytes = delete $pax{size} // $bytes;
      $left = $type =~ /[1-6]/ ? 0 : padded($bytes);
      my $meant = { %is, name => delete $pax{"GNU.sparse.name"} // delete $pax{path} // $name, link => delete $pax{linkpath} // $link, type => $type, size => delete $pax{"GNU.sparse.size"} // $bytes };
      $meant->{$_} = delete $pax{$_} for grep { defined $pax{$_} } qw(uid gid mtime);
      delete @pax{grep { /^GNU\\.sparse\\./ } keys %pax};
      return { %$meant, pax => \\%pax };
    }
    return;
  }`;

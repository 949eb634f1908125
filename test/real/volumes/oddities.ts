/**
 * Fills the empty volume /v/0 with what real volumes hold now and then, and what backups lose now and then. `keep` in perl sets an extended
 * attribute: the image has neither setfattr nor setfacl, which is as well, since the product uses neither.
 */
export const oddities = `cd /v/0
cat >/tmp/keep.pl <<'end'
my $acl = pack("V(vvV)5", 2, 1, 6, -1, 2, 4, 1000, 4, 4, -1, 16, 6, -1, 32, 0, -1);
my %value = (ACL => $acl, CAPABILITY => pack("VVVVV", 0x02000001, 0x400, 0, 0, 0), BINARY => "a=b\\n\\0\\xff", LARGE => "x" x 3000);
my ($file, $name, $value) = @ARGV; $value = $value{$value} // $value;
syscall(188, $file, $name, $value, length $value, 0) == 0 or die "setxattr $file $name: $!\\n";
end
keep() { perl /tmp/keep.pl "$@"; }
mkdir -p owners modes links times empty/deeper/still sparse names attributes/inherits/plain "$(head -c 200 /dev/zero | tr '\\0' d)/$(head -c 200 /dev/zero | tr '\\0' e)"
for id in 1 999 65534 3000000000; do echo $id >owners/$id; chown $id:$((id - 1)) owners/$id; done
for mode in 0000 0400 0777 4755 2755 1644 6711; do echo $mode >modes/$mode; chmod $mode modes/$mode; done
mkdir modes/sticky modes/setgid; chmod 1777 modes/sticky; chmod 2775 modes/setgid; mkfifo -m 0620 modes/pipe
echo same >links/one; ln links/one links/two; ln links/one empty/deeper/three; mkfifo links/pipe
ln -s /etc/passwd links/absolute; ln -s ../../../outside links/above; ln -s nowhere links/dangling; ln links/dangling links/same-link
ln -s "$(head -c 1000 /dev/zero | tr '\\0' t)" links/long; chown -h 12:34 links/absolute
truncate -s 300M sparse/empty; truncate -s 300M sparse/middle; printf data | dd of=sparse/middle bs=1 seek=150000000 conv=notrunc status=none
echo head >sparse/tail; truncate -s 5000000 sparse/tail; head -c 70000 /dev/zero >sparse/zeros
echo n >"names/$(printf 'new\\nline')"; echo b >"names/$(printf 'latin\\xe9\\xff')"; echo d >names/-dash; echo s >'names/ space '; echo q >"names/q'\\"\\\\\\$(x)"
echo l >"names/$(head -c 250 /dev/zero | tr '\\0' n)"; echo u >'names/ünï€'; echo t >"names/$(printf 'tab\\tbell\\a')"; : >names/nothing
echo x >attributes/user; keep attributes/user user.note BINARY; keep attributes/user user.a=b c; keep attributes/user user.large LARGE
echo x >attributes/capable; chown 5:6 attributes/capable; chmod 0750 attributes/capable; keep attributes/capable security.capability CAPABILITY
keep attributes user.folder yes; echo x >attributes/acl; keep attributes/acl system.posix_acl_access ACL; echo x >attributes/inherits/plain/none
keep attributes/inherits system.posix_acl_default ACL; keep attributes/inherits system.posix_acl_access ACL; echo x >attributes/inherits/inherited
head -c 3000000 /dev/urandom >random
for t in '1969-12-31 23:00:00.5' '2001-02-03 04:05:06.123456789' '2106-02-08 00:00:00'; do echo t >"times/$t"; touch -d "$t" "times/$t"; done
touch -h -d '2002-03-04 05:06:07.5' links/absolute; touch -d '2003-04-05 06:07:08.25' empty/deeper times; chown 999:998 .; chmod 2750 .; touch -d '2004-05-06 07:08:09.75' .`;

/** Compares /v/0 with /v/1 without a line of the product: what lstat tells, contents, groups of hard links, room on disk, all attributes. */
export const comparison = `
list() { cd "$1"
  find . -type d -printf '%p|%y|%m|%U|%G|%T@\\0'; find . ! -type d -printf '%p|%y|%m|%U|%G|%s|%T@|%l|%n\\0'
  find . -type f -print0 | sort -z | xargs -0 md5sum -z
  find . ! -type d -links +1 -printf '%i|%p\\0' | sort -z -t'|' -k2 | perl -0 -ne '/^(\\d+)\\|(.*)\\0$/s; $first{$1} //= $2; print "$2 is $first{$1}\\0"'
  find . -type f -printf '%b %p\\0' | perl -0 -ne '/^(\\d+) (.*)\\0$/s; print "holes $2\\0" if $1 * 512 + 65536 < (stat $2)[7]'
  find . -print0 | perl -0 -ne 'chomp; my $file = $_; my $names = "\\0" x 65536; my $n = syscall(195, $file, $names, 65536); next if $n < 0;
    for (sort split /\\0/, substr $names, 0, $n) { my $value = "\\0" x 65536; my $m = syscall(192, $file, $_, $value, 65536); print "$file $_ ", unpack("H*", substr $value, 0, $m), "\\0" }'
}
list /v/0 | sort -z | tr '\\n\\0' '\\001\\n' >/tmp/0; list /v/1 | sort -z | tr '\\n\\0' '\\001\\n' >/tmp/1
grep -c . /tmp/0; grep -c 'system.posix_acl\\|security.capability\\|user\\.' /tmp/0 || true; grep -c ^holes /tmp/0 || true; diff -a /tmp/0 /tmp/1 | cut -c1-200 | head -20 || true`;

import { execFileSync } from 'node:child_process';

const image = 'debian:bookworm-slim';

/** 2 GiB, or a share of it: a quarter each of software, logs in JSON, pages of a database, and media that is compressed already. The same every time. */
const mixed = (share: number) => `set -eu
mkdir /data/software /data/logs /data/database /data/media
perl -e '
  use strict; srand(7);
  my @paths = map { join "/", "", "api", qw(orders customers items carts invoices)[rand 5], int rand 1e6 } 1..5000;
  for my $n (1..8) {
    open my $file, ">", "/data/logs/api-$n.jsonl" or die; my ($time, $size) = (1.7e9, 0);
    while ($size < ${Math.round(share * 2 ** 26)}) {
      $time += rand 2;
      my $line = sprintf(qq({"time":%.3f,"level":"%s","method":"%s","path":"%s","status":%d,"took":%.2f,"user":"%08x","request":"%08x%08x"}\\n),
        $time, qw(info info info warn error)[rand 5], qw(GET GET POST PUT)[rand 4], $paths[rand 5000], (200, 200, 200, 404, 500)[rand 5],
        rand 300, rand 1e5, rand 2**32, rand 2**32);
      $size += length $line; print $file $line;
    }
  }
  for my $n (1..4) {
    open my $file, ">", "/data/database/$n" or die;
    for my $page (1..${Math.round(share * 16384)}) {
      my $head = pack("QSSSSSSL", $page * 3711, 0, 4, 264, 3000, 8192, 8196, 0);
      my $rows = join "", map { pack("LLLSSCCQdQ", $page * 55 + $_, 0, 0, $_, 0x0802, 24, 0, $page * 55 + $_, rand 1000, 1.7e15 + int rand 1e12) .
        sprintf("customer-%06d-%s", rand 1e5, qw(paid shipped open cancelled)[rand 4]) } 1..55;
      print $file substr($head . "\\0" x (8192 - length($head) - length($rows)) . $rows, 0, 8192);
    }
  }'
for n in $(seq 1 ${Math.round(share * 128)}); do head -c 4194304 /dev/urandom >/data/media/$n.jpg; done
n=0; while [ "$(du -sm /data/software | cut -f1)" -lt ${Math.round(share * 500)} ]; do n=$((n + 1)); cp -a /usr /data/software/$n; done`;

/** 200,000 files, or a share of them, of 1 to 3 KiB of JSON, 500 in a folder. */
const small = (share: number) => `perl -e '
  use strict; srand(9);
  for my $folder (1..${Math.round(share * 400)}) {
    mkdir "/data/$folder";
    for my $n (0..499) {
      open my $file, ">", "/data/$folder/$n.json" or die;
      print $file map { sprintf qq({"id":%d,"name":"item-%06d","value":%.3f}\\n), $_, rand 1e6, rand 100 } 1..20 + int rand 60;
    }
  }'`;

/** Scripts that fill the volumes that are measured, by what is in them. */
export const benchData = { mixed, small };

/** Runs a command in a container that sees a volume at /data and a folder at /backup, as the documents do. */
export function inContainer(
  volume: string,
  folder: string,
  command: string[],
  from = image,
  more: string[] = [],
): void {
  const mounts = [`${volume}:/data`, `${folder}:/backup`, ...more].flatMap((mount) => ['-v', mount]);
  execFileSync('docker', ['run', '--rm', '--network', 'none', ...mounts, from, ...command], { stdio: 'inherit' });
}

import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { execa } from 'execa';

const folder = join(import.meta.dirname, 'stand-in');
const root = join(import.meta.dirname, '../..');
const repository = 'switchback-stand-in';

/** Tags of one image with two versions: the same on the whole machine, whatever the checkout, as long as its files are the same. */
export interface StandIn {
  v1: string;
  v2: string;
}

/** Builds the stand-in service, where the machine does not have it yet. It needs nothing but `debian:bookworm-slim`. */
export async function standInImage(): Promise<StandIn> {
  const base = (await execa('docker', ['image', 'inspect', '--format', '{{.Id}}', 'debian:bookworm-slim'])).stdout;
  const hash = createHash('sha256').update(base);
  for (const file of ['Dockerfile', 'stand-in']) hash.update(readFileSync(join(folder, file)));
  const contents = hash.digest('hex').slice(0, 12);
  const build = async (version: string) => {
    const tag = `${repository}:${version}-${contents}`;
    const there = await execa('docker', ['image', 'inspect', tag], { reject: false });
    if (there.exitCode !== 0)
      await execa('docker', ['build', '--force-rm', '--tag', tag, '--build-arg', `VERSION=${version}`, folder]);
    return tag;
  };
  return { v1: await build('1'), v2: await build('2') };
}

/** Builds the shop's images (PostgreSQL 15 and others), where the machine does not have them yet. @returns the database's tag */
export async function postgresImage(): Promise<string> {
  await execa(join(root, 'examples/shop/build-images'), [], { stdio: ['ignore', 2, 2] });
  return 'switchback-shop/db:15';
}

import { readdirSync, readFileSync, realpathSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';

const root = join(import.meta.dirname, '../..');

describe('the installed packages', () => {
  it('give every Temporal package the same copy of protobufjs, or histories cannot be loaded', () => {
    const scope = join(root, 'node_modules/@temporalio');
    const copies = new Map<string, string>();
    for (const name of readdirSync(scope)) {
      const manifest = join(scope, name, 'package.json');
      const { dependencies } = JSON.parse(readFileSync(manifest, 'utf8')) as { dependencies?: Record<string, string> };
      if (dependencies?.['protobufjs'] === undefined) continue;
      copies.set(name, realpathSync(createRequire(manifest).resolve('protobufjs')));
    }
    expect(copies.size).toBeGreaterThan(1);
    expect([...new Set(copies.values())]).toEqual([
      realpathSync(createRequire(join(root, 'package.json')).resolve('protobufjs')),
    ]);
  });

  it('are locked without the address of the registry they came from', () => {
    const lock = JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8')) as {
      packages: Record<string, object>;
    };
    const packages = Object.entries(lock.packages);
    expect(packages.length).toBeGreaterThan(100);
    expect(packages.filter(([, entry]) => 'resolved' in entry).map(([name]) => name)).toEqual([]);
  });

  it('are asked for by exact version', () => {
    const manifest = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as Record<
      string,
      Record<string, string>
    >;
    const ranges = Object.entries({ ...manifest['dependencies'], ...manifest['devDependencies'] });
    expect(ranges.filter(([, version]) => !/^\d+\.\d+\.\d+$/.test(version))).toEqual([]);
  });
});

import { createHash } from 'node:crypto';
import { readFileSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { execa } from 'execa';

import { DockerEngine } from '../../activities/docker/index.ts';
import { recordBeforeHandler } from '../../activities/effects/record-before.ts';
import type { BeforeRecord } from '../../runbook/records/before.ts';
import { Repository } from '../activities/git/repository.ts';
import { performWith, TestTarget } from './effect-context.ts';
import { ownLabels, ownName, sweepDead, sweepOwn } from './own-names.ts';

const engine = new DockerEngine();
const project = ownName('before');
const handler = recordBeforeHandler({ engine });
const labels = JSON.stringify(ownLabels);
// Small and its own: default pools run out, and suites of two checkouts run side by side.
const [high = 0, low = 0] = createHash('sha256').update(project).digest();
const subnet = `10.${128 + (high % 96)}.${low}.0/28`;
const compose = `
services:
  sleeper:
    image: debian:bookworm-slim
    init: true
    command: [sleep, infinity]
    environment: { ORDERS_PASSWORD: hunter2 }
    labels: ${labels}
    volumes: [ "data:/data", "${project}-external:/external" ]
    networks: [ inner ]
networks: { inner: { labels: ${labels}, ipam: { config: [ { subnet: ${subnet} } ] } } }
volumes:
  data: { labels: ${labels} }
  ${project}-external: { external: true }
`;

let target: TestTarget;
const up = (...argv: string[]) => execa('docker', ['compose', '-p', project, '-f', '-', ...argv], { input: compose });
beforeAll(async () => {
  await sweepDead(engine);
  const volume = `${project}-external`;
  await engine.call('create volume', {}, (docker) => docker.createVolume({ Name: volume, Labels: ownLabels }));
  await up('up', '--detach', '--wait');
});
afterAll(async () => {
  await up('down', '--timeout', '1');
  await sweepOwn(engine);
});
beforeEach(async () => {
  target = await TestTarget.make({ project });
});
afterEach(() => target.remove());

const context = (input: Parameters<typeof handler.prepare>[0]) => target.context('recordBefore', input);
const record = (extension: string) => readFileSync(join(target.home.records, 'before', `run-1.${extension}`), 'utf8');

describe('the record of the state before a migration', () => {
  it('[M1] [L2] [K4] names commit, containers, networks and volumes, under a tag and a backup branch, with no secret', async () => {
    const repository = new Repository(target.directory);
    const commit = repository.write('docker-compose.yml', compose).commit();
    repository.write('dirty', 'yes');
    const before = repository.standing();
    const input = { tag: 'v1-stable', branch: 'backup-v1', push: false };
    const { performed, prepared } = await performWith(handler, context(input));

    expect(repository.git('rev-parse', 'v1-stable^{commit}', 'backup-v1')).toBe(`${commit}\n${commit}`);
    expect(repository.git('cat-file', '-t', 'v1-stable')).toBe('tag');
    expect(repository.standing()).toBe(before);
    expect(performed.facts).toMatchObject({ commit, containers: 1, networks: 1, volumes: 2, uncommitted: 1 });

    const written = JSON.parse(record('json')) as BeforeRecord;
    expect(written.git).toEqual({
      commit,
      branch: 'main',
      tag: 'v1-stable',
      backupBranch: 'backup-v1',
      dirty: ['dirty'],
    });
    expect(written.containers).toMatchObject([{ service: 'sleeper', image: 'debian:bookworm-slim', state: 'running' }]);
    expect(written.networks).toMatchObject([{ name: `${project}_inner`, subnets: [subnet] }]);
    expect(written.volumes.map(({ name, usedBy }) => [name, usedBy.length])).toEqual([
      [`${project}-external`, 1],
      [`${project}_data`, 1],
    ]);
    expect(record('json') + record('txt')).not.toContain('hunter2');
    expect(record('txt')).toContain(`commit      ${commit} on main`);
    expect(record('txt')).toContain(`${project}-sleeper-1`);
    expect(statSync(join(target.home.records, 'before/run-1.json')).mode & 0o777).toBe(0o600);

    const again = await performWith(handler, context(input), prepared);
    expect(again.outcome).toBe('adopted');
    expect(again.performed).toEqual(performed);
  });

  it('goes on where it was killed between the tag and the record', async () => {
    const repository = new Repository(target.directory);
    const commit = repository.write('a', 'a').commit();
    const input = { tag: 'v1-stable', branch: 'backup', push: false };
    const { prepared } = await performWith(handler, context(input));
    rmSync(join(target.home.records, 'before'), { recursive: true });
    repository.git('branch', '--delete', '--force', 'backup');
    expect(await handler.observe(input, context(input), prepared)).toBe('partial');
    await performWith(handler, context(input), prepared);
    expect(repository.git('rev-parse', 'backup')).toBe(commit);
    expect(record('txt')).toContain('backup');
  });

  it('[K4] keeps tag and branch of an earlier run of the same target where they are', async () => {
    const repository = new Repository(target.directory);
    const first = repository.write('a', 'a').commit();
    const input = { tag: 'v1-stable', branch: 'backup-v1', push: false };
    await performWith(handler, context(input));
    repository.write('a', 'a fix, after the first run went back').commit();
    const { performed } = await performWith(handler, context(input));
    expect(performed.summary).toContain(`stays on ${first.slice(0, 12)}`);
    expect(repository.git('rev-parse', 'v1-stable^{commit}', 'backup-v1')).toBe(`${first}\n${first}`);
    // Somebody's work on the branch is not ours to stand on.
    repository.git('branch', '--force', 'backup-v1', 'HEAD');
    repository.write('a', 'more').commit();
    await expect(handler.prepare(input, context(input))).rejects.toMatchObject({ name: 'Conflict' });
  });

  it('[K4] stops where somebody else has a tag or a branch of that name on another commit', async () => {
    const repository = new Repository(target.directory);
    repository.write('a', 'a').commit();
    repository.git('tag', '-a', '-m', 'theirs', 'v1-stable');
    repository.git('branch', 'backup');
    repository.write('a', 'b').commit();
    for (const input of [
      { tag: 'v1-stable', push: false },
      { branch: 'backup', push: false },
    ]) {
      await expect(handler.prepare(input, context(input))).rejects.toMatchObject({ name: 'Conflict' });
    }
  });

  it('needs a repository only where the plan wants a tag, a branch or a push', async () => {
    const { performed } = await performWith(handler, context({ push: false }));
    expect(performed.facts['commit']).toBeUndefined();
    expect(record('txt')).toContain('the stack is in no repository');
    const input = { tag: 'v1-stable', push: false };
    await expect(handler.prepare(input, context(input))).rejects.toMatchObject({
      name: 'PreconditionFailed',
      hint: expect.stringContaining('git init'),
    });
    // A repository without a commit has nothing that a record could name.
    new Repository(target.directory);
    expect((await handler.prepare({ push: false }, context({ push: false }))).facts).toEqual({});
  });
});

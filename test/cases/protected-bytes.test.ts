import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from '@jest/globals';
import { targetHome } from '../../journal/index.ts';
import { caseStacks, type Own } from './case-stack.ts';

const cases = caseStacks();

const v1 = ({ project, image }: Own) => `name: ${project}
services:
  web: { image: '${image.v1}', volumes: ['\${DATA:-data}:/data'] }
volumes: { data: {}, unused: {} }
`;
/** A service that empties what it is given. The variable hides from the text what is mounted. */
const v2 = (own: Own) =>
  v1(own)
    .replace('volumes:\n', '')
    .replace(
      'volumes: { data',
      `  cleaner:
    image: '${own.image.v1}'
    command: ['sh', '-c', 'rm -rf /data/* 2>/data-failed; stand-in serve']
    volumes: ['\${DATA:-data}:/data']
volumes: { data`,
    );
const plan = ({ project }: Own, others = '') => `switchback: 1
name: bytes
stack: { directory: ., project: ${project}, compose: docker-compose.yml }
protect: [{ volume: ${project}_data${others} }]
baseline: { compose: docker/v1.yml, services: 1 }
phases:
  - id: cleaner
    checkpoint: { compose: docker/v2.yml }
    verify: [{ services: 2, healthy: true }]
`;
const files = (own: Own) => ({
  'docker-compose.yml': v1(own),
  'docker/v1.yml': v1(own),
  'docker/v2.yml': v2(own),
  'switchback.yml': plan(own),
});

it('a service that would write to a protected volume is refused, or sees it only', async () => {
  let own: Own | undefined;
  const stack = await cases.stack((given) => files((own = given)));
  await stack.compose('up', '--detach', '--wait');
  await stack.exec('web', 'sh', '-c', 'echo precious > /data/file');

  const refused = await stack.type('start', '--watch');
  // The preflight says why, and the run waits for a person with nothing done.
  expect(refused.code).toBe(7);
  expect(refused.out + refused.error).toContain(
    `service cleaner mounts the protected volume ${stack.project}_data writable at /data, and is none of its writers`,
  );
  expect((await stack.containers()).map(({ service }) => service)).toEqual(['web']);
  await stack.type('abort', '--reason', 'a test');
  await stack.until('aborted');

  stack.write('switchback.yml', plan(own!, ', others: read-only'));
  const started = await stack.type('start', '--watch');
  expect([started.code, started.error]).toEqual([0, expect.anything()]);
  expect(await stack.exec('cleaner', 'cat', '/data-failed')).toContain('Read-only file system');
  expect(await stack.exec('web', 'cat', '/data/file')).toBe('precious');
  expect(await stack.type('verify')).toMatchObject({ code: 0 });

  expect(await stack.type('rollback', '--reason', 'a test', '--watch')).toMatchObject({ code: 0 });
  expect(await stack.exec('web', 'cat', '/data/file')).toBe('precious');
});

it('a protected volume that no service mounts any more stays, and refuses nothing', async () => {
  const stack = await cases.stack((own) => ({
    ...files(own),
    'docker/v2.yml': v1(own).replace(", volumes: ['${DATA:-data}:/data']", ''),
    'switchback.yml': plan(own).replace('services: 2', 'services: 1'),
  }));
  await stack.compose('up', '--detach', '--wait');
  await stack.exec('web', 'sh', '-c', 'echo precious > /data/file');
  const started = await stack.type('start', '--watch');
  expect([started.code, started.error]).toEqual([0, expect.anything()]);
  expect(await stack.type('rollback', '--reason', 'a test', '--watch')).toMatchObject({ code: 0 });
  expect(await stack.exec('web', 'cat', '/data/file')).toBe('precious');
  const log = readFileSync(
    join(targetHome(stack.project, { SWITCHBACK_HOME: cases.world.home }).records, 'ROLLBACK-LOG.md'),
    'utf8',
  );
  expect(log).toContain(`nothing that was written is lost (protected volume ${stack.project}_data: unchanged)`);
});

it('a writer that empties a protected volume ends in no success, and nobody says that nothing is lost', async () => {
  const stack = await cases.stack((own) => ({
    ...files(own),
    'docker/v2.yml': v1(own).replace(
      "volumes: ['$",
      "command: ['sh', '-c', 'rm -rf /data/*; exec stand-in serve'], volumes: ['$",
    ),
    'switchback.yml': plan(own).replace('services: 2', 'services: 1'),
  }));
  await stack.compose('up', '--detach', '--wait');
  await stack.exec('web', 'sh', '-c', 'echo precious > /data/file');
  const started = await stack.type('start', '--watch');
  expect(started.code).toBe(7);
  expect(started.out + started.error).toContain(
    `protected volume ${stack.project}_data has lost the one entry that it had`,
  );
  // One answer is enough: the phase does not ask again as it ends.
  expect(await stack.type('skip', '--reason', 'it was to be empty')).toMatchObject({ code: 0 });
  expect(await stack.type('watch')).toMatchObject({ code: 0 });
  expect(await stack.type('rollback', '--reason', 'a test', '--watch')).toMatchObject({ code: 0 });
  const log = readFileSync(
    join(targetHome(stack.project, { SWITCHBACK_HOME: cases.world.home }).records, 'ROLLBACK-LOG.md'),
    'utf8',
  );
  expect(log).not.toContain('nothing that was written is lost');
});

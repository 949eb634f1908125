import { expect, it } from '@jest/globals';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { targetHome } from '../../journal/index.ts';
import { caseStacks, type Own } from './case-stack.ts';

const cases = caseStacks();

const compose = ({ project, image }: Own, release: string, more = '') => `name: ${project}
services:
  flows: { image: ${image.v1}, environment: { RELEASE: '${release}' } }
${more}`;

it('what containers have written into themselves is there again after the way back', async () => {
  const agent = ({ image }: Own) => `  agent: { image: ${image.v1} }\n`;
  const stack = await cases.stack((own) => ({
    'docker-compose.yml': compose(own, '1', agent(own)),
    'docker/v1.yml': compose(own, '1', agent(own)),
    'docker/v2.yml': compose(own, '2'),
    'switchback.yml': `switchback: 1
name: layers
stack: { directory: ., project: ${own.project}, compose: docker-compose.yml }
baseline: { compose: docker/v1.yml, services: 2 }
phases:
  - id: first
    checkpoint: { compose: docker/v1.yml }
    verify: [{ services: 2, healthy: true }]
  - id: second
    checkpoint: { compose: docker/v2.yml }
    verify: [{ services: 1, healthy: true }]
`,
  }));
  await stack.compose('up', '--detach', '--wait');
  await stack.exec('flows', 'sh', '-c', 'mkdir -p /opt/.flows && echo replaced > /opt/.flows/history');
  await stack.exec('agent', 'sh', '-c', 'echo left > /opt/history');

  expect(await stack.type('start', '--watch')).toMatchObject({ code: 0 });
  // The new container of a service begins without it, and the service that left is stopped.
  expect(await stack.exec('flows', 'sh', '-c', 'cat /opt/.flows/history || echo none')).toBe('none');

  expect(await stack.type('rollback', '--reason', 'a test', '--watch')).toMatchObject({ code: 0 });
  expect(await stack.exec('flows', 'cat', '/opt/.flows/history')).toBe('replaced');
  expect(await stack.exec('agent', 'cat', '/opt/history')).toBe('left');
});

it('what replicas have written into themselves, and a file that was changed beside the checkpoint, are not said to be back', async () => {
  const scaled = (own: Own, release: string) => `name: ${own.project}
services:
  flows: { image: ${own.image.v1}, environment: { RELEASE: '${release}' }, deploy: { replicas: 2 }, volumes: ['./motd:/etc/motd:ro'] }
`;
  const stack = await cases.stack((own) => ({
    'docker-compose.yml': scaled(own, '1'),
    'docker/v1.yml': scaled(own, '1'),
    motd: 'one',
    'docker/v2.yml': scaled(own, '2'),
    'switchback.yml': `switchback: 1
name: layers
stack: { directory: ., project: ${own.project}, compose: docker-compose.yml }
baseline: { compose: docker/v1.yml, services: 1 }
phases:
  - id: second
    checkpoint: { compose: docker/v2.yml }
    verify: [{ services: 1, healthy: true }]
`,
  }));
  await stack.compose('up', '--detach', '--wait');
  await stack.exec('flows', 'sh', '-c', 'echo one > /opt/history');

  expect(await stack.type('start', '--watch')).toMatchObject({ code: 0 });
  stack.write('motd', 'two');
  const other = 'service flows reads motd, which changed since it last ran like this';
  expect((await stack.type('rollback', '--dry-run')).out).toContain(other);
  expect(await stack.type('rollback', '--reason', 'a test', '--watch')).toMatchObject({ code: 0 });
  expect((await stack.type('history')).out).toContain(other);
  const { root } = targetHome(stack.project, { SWITCHBACK_HOME: stack.world.home });
  const log = await readFile(join(root, 'records', 'ROLLBACK-LOG.md'), 'utf8');
  expect(log).toContain('service flows: what a container had written into itself is not put back, and is kept as');
  expect(log).not.toContain('nothing that was written is lost');
});

import { expect, it } from '@jest/globals';
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

import { expect, it } from '@jest/globals';
import { caseStacks, type Own } from './case-stack.ts';

const cases = caseStacks();

const compose = ({ project, image, port }: Own, release: string) => `name: ${project}
services:
  kept:
    image: ${image.v1}
    volumes: ['data:/data']
  changed:
    image: ${image.v1}
    environment: { RELEASE: '${release}' }
    ports: ['127.0.0.1:${port('changed')}:8080']
volumes: { data: {} }
`;

it('a service that a checkpoint does not change keeps its very container, there and back', async () => {
  const stack = await cases.stack((own) => ({
    'docker-compose.yml': compose(own, '1'),
    'docker/v1.yml': compose(own, '1'),
    'docker/v2.yml': compose(own, '2'),
    'switchback.yml': `switchback: 1
name: kept
stack: { directory: ., project: ${own.project}, compose: docker-compose.yml }
baseline: { compose: docker/v1.yml, services: 2 }
phases:
  - id: change
    checkpoint: { compose: docker/v2.yml }
    verify: [{ services: 2, healthy: true }, { http: 'http://127.0.0.1:${own.port('changed')}/health', status: 200 }]
`,
  }));
  await stack.compose('up', '--detach', '--wait');
  await stack.exec('kept', 'sh', '-c', 'echo before > /data/file');
  const before = await stack.containers();

  expect(await stack.type('start', '--watch')).toMatchObject({ code: 0 });
  const after = await stack.containers();
  expect(after.map(({ service }) => service)).toEqual(['changed', 'kept']);
  expect(after[0]).toMatchObject({ health: 'healthy', env: { RELEASE: '2' } });
  expect(after[1]).toEqual(before[1]);

  expect(await stack.type('rollback', '--reason', 'a test', '--watch')).toMatchObject({ code: 0 });
  expect(await stack.container('changed')).toMatchObject({ health: 'healthy', env: { RELEASE: '1' } });
  expect(await stack.container('kept')).toEqual(before[1]);
  expect(await stack.exec('kept', 'cat', '/data/file')).toBe('before');
});

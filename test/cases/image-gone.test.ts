import { expect, it } from '@jest/globals';
import { caseStacks, type Own } from './case-stack.ts';

const cases = caseStacks();

it('an image that loses its name after the cutover is there when the way leads back', async () => {
  const compose = (project: string, image: string) => `name: ${project}
services:
  web: { image: '${image}' }
`;
  const old = ({ project }: Own) => `${project}:old`;
  const stack = await cases.stack((own) => ({
    'docker-compose.yml': compose(own.project, old(own)),
    'docker/v1.yml': compose(own.project, old(own)),
    'docker/v2.yml': compose(own.project, own.image.v2),
    Dockerfile: `FROM ${own.image.v1}\nLABEL of=${own.project}\n`,
    'switchback.yml': `switchback: 1
name: gone
stack: { directory: ., project: ${own.project}, compose: docker-compose.yml }
baseline: { compose: docker/v1.yml, services: 1 }
phases:
  - id: next
    checkpoint: { compose: docker/v2.yml }
    verify: [{ services: 1, healthy: true }]
`,
  }));
  const name = `${stack.project}:old`;
  await stack.docker('build', '--quiet', '--tag', name, '.');
  const id = await stack.docker('image', 'inspect', '--format', '{{.Id}}', name);
  await stack.compose('up', '--detach', '--wait');
  expect(await stack.type('start', '--watch')).toMatchObject({ code: 0 });
  await stack.docker('rmi', name);
  expect(await stack.type('rollback', '--reason', 'a test', '--watch')).toMatchObject({ code: 0 });
  expect((await stack.container('web')).image).toBe(id);
});

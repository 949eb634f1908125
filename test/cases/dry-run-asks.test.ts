import { createServer } from 'node:net';
import { expect, it } from '@jest/globals';
import { caseStacks, type Own } from './case-stack.ts';

const cases = caseStacks();

interface Ahead {
  ahead: { asked: string[]; obstacles: { message: string; hint?: string }[] };
}

it('a dry run of a rollback names a taken port, a changed file and an image that is gone, as the real one does', async () => {
  const compose = ({ project, port }: Own, image: string, ports: string) => `name: ${project}
services:
  web: { image: '${image}'${ports === '' ? '' : `, ports: ['127.0.0.1:${port(ports)}:8080']`} }
`;
  const old = ({ project }: Own) => `${project}:old`;
  const stack = await cases.stack((own) => ({
    'docker-compose.yml': compose(own, old(own), 'old'),
    'docker/v1.yml': compose(own, old(own), 'old'),
    Dockerfile: `FROM ${own.image.v1}\nLABEL of=${own.project}\n`,
    'docker/v2.yml': compose(own, own.image.v2, ''),
    'switchback.yml': `switchback: 1
name: ahead
stack: { directory: ., project: ${own.project}, compose: docker-compose.yml }
baseline: { compose: docker/v1.yml, services: 1 }
phases:
  - id: next
    checkpoint: { compose: docker/v2.yml }
    verify: [{ services: 1, healthy: true }]
`,
  }));
  await stack.docker('build', '--quiet', '--tag', `${stack.project}:old`, '.');
  const id = await stack.docker('image', 'inspect', '--format', '{{.Id}}', `${stack.project}:old`);
  await stack.compose('up', '--detach', '--wait');
  expect(await stack.type('start', '--watch')).toMatchObject({ code: 0 });
  const lines = (await stack.journal()).records.length;
  const look = () => stack.ask<Ahead>('rollback', '--dry-run');
  expect(await look()).toMatchObject({ code: 0, ahead: { obstacles: [] } });

  const taken = createServer().listen(stack.port('old'), '127.0.0.1');
  try {
    const port = await look();
    expect(port).toMatchObject({
      code: 4,
      ahead: { obstacles: [{ message: expect.stringContaining(String(stack.port('old'))) }] },
    });
  } finally {
    taken.close();
  }

  const active = stack.read('docker-compose.yml');
  stack.write('docker-compose.yml', `${active}# by hand\n`);
  const drift = await look();
  expect(drift).toMatchObject({
    code: 4,
    ahead: { obstacles: [{ message: expect.stringContaining('docker-compose.yml was changed') }] },
  });
  stack.write('docker-compose.yml', active);

  // Nothing was begun: the journal has no line more.
  expect((await stack.journal()).records).toHaveLength(lines);
  await stack.docker('rmi', '--force', id);
  const gone = await look();
  expect(gone).toMatchObject({ code: 4, ahead: { obstacles: [{ message: expect.stringContaining('image') }] } });
});

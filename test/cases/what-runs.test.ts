import { expect, it } from '@jest/globals';
import { caseStacks, type Own } from './case-stack.ts';

const cases = caseStacks();

const plan = ({ project }: Own, phase: string, services: number, env = '') => `switchback: 1
name: runs
stack: { directory: ., project: ${project}, compose: docker-compose.yml${env === '' ? '' : ', env: .env'} }
baseline: { compose: docker/v1.yml${env === '' ? '' : ', env: docker/v1.env'}, services: ${services} }
phases:
  - id: change
${phase}
    verify: [{ services: ${services}, healthy: true }]
`;

it('contents of configs and secrets that stand in the files reach the containers, there and back', async () => {
  const compose = ({ project, image }: Own, limit: string) => `name: ${project}
services:
  web:
    image: ${image.v1}
    configs: [{ source: limits, target: /limits }]
    secrets: [token]
configs: { limits: { content: 'limit=${limit}' } }
secrets: { token: { environment: TOKEN } }
`;
  const stack = await cases.stack((own) => ({
    'docker-compose.yml': compose(own, '1'),
    'docker/v1.yml': compose(own, '1'),
    'docker/v2.yml': compose(own, '2'),
    '.env': 'TOKEN=first-token\n',
    'docker/v1.env': 'TOKEN=first-token\n',
    'docker/v2.env': 'TOKEN=second-token\n',
    'switchback.yml': plan(own, '    checkpoint: { compose: docker/v2.yml, env: docker/v2.env }', 1, '.env'),
  }));
  const seen = async () => [
    await stack.exec('web', 'cat', '/limits'),
    await stack.exec('web', 'cat', '/run/secrets/token'),
  ];
  await stack.compose('up', '--detach', '--wait');
  expect(await stack.type('start', '--watch')).toMatchObject({ code: 0 });
  expect(await seen()).toEqual(['limit=2', 'second-token']);
  // The container is recreated by hand: notes about the old one no longer hold.
  await stack.compose('up', '--detach', '--wait', '--force-recreate');
  expect(await stack.type('rollback', '--reason', 'a test', '--watch')).toMatchObject({ code: 0 });
  expect(await seen()).toEqual(['limit=1', 'first-token']);
});

it('a service that was scaled by hand is said to shrink, and has its containers again after the way back', async () => {
  const compose = ({ project, image }: Own, release: string) => `name: ${project}
services:
  web: { image: ${image.v1} }
  gate: { image: ${image.v1}, environment: { RELEASE: '${release}' } }
`;
  const stack = await cases.stack((own) => ({
    'docker-compose.yml': compose(own, '1'),
    'docker/v1.yml': compose(own, '1'),
    'docker/v2.yml': compose(own, '2'),
    'switchback.yml': plan(own, '    checkpoint: { compose: docker/v2.yml }', 2),
  }));
  await stack.compose('up', '--detach', '--wait', '--scale', 'web=3');
  expect(await stack.type('start', '--watch')).toMatchObject({ code: 0 });
  const { records } = await stack.journal();
  expect(JSON.stringify(records)).toContain('service web: scaled (3 containers become 1)');
  await stack.type('rollback', '--reason', 'a test', '--watch');
  expect((await stack.containers()).filter(({ service }) => service === 'web')).toHaveLength(3);
});

it("who lives in a service's network follows it when its image is switched", async () => {
  const compose = ({ project, image }: Own) => `name: ${project}
services:
  tunnel: { image: '${image.v1}' }
  fetcher: { image: '${image.v1}', environment: { PORT: 8081 }, network_mode: 'service:tunnel' }
`;
  const stack = await cases.stack((own) => ({
    'docker-compose.yml': compose(own),
    'docker/v1.yml': compose(own),
    'switchback.yml': plan(own, `    steps: [{ image: '${own.image.v2}', service: tunnel }]`, 2),
  }));
  await stack.compose('up', '--detach', '--wait');
  const together = async () => {
    const owner = await stack.container('tunnel');
    const sharer = await stack.container('fetcher');
    return (
      (await stack.docker('inspect', '--format', '{{.HostConfig.NetworkMode}}', sharer.id)) === `container:${owner.id}`
    );
  };
  expect(await stack.type('start', '--watch')).toMatchObject({ code: 0 });
  expect(await together()).toBe(true);
  expect(await stack.type('rollback', '--reason', 'a test', '--watch')).toMatchObject({ code: 0 });
  expect(await together()).toBe(true);
});

it('a volume that gets another name by a variable is refused, and a backup takes what containers mount', async () => {
  const compose = ({ project, image }: Own) => `name: ${project}
services:
  db: { image: '${image.v1}', volumes: ['data:/data'] }
volumes: { data: { name: '${project}_\${STORE}' } }
`;
  const stack = await cases.stack((own) => ({
    'docker-compose.yml': compose(own),
    'docker/v1.yml': compose(own),
    '.env': 'STORE=old\n',
    'docker/v1.env': 'STORE=old\n',
    'docker/v2.env': 'STORE=new\n',
    'switchback.yml': plan(own, '    checkpoint: { compose: docker/v1.yml, env: docker/v2.env }', 1, '.env'),
  }));
  await stack.compose('up', '--detach', '--wait');
  const refused = await stack.type('start', '--watch');
  expect(refused.code).not.toBe(0);
  expect(`${refused.out}${refused.error}`).toContain(`service db has volume ${stack.project}_old at /data`);
  expect((await stack.container('db')).mounts['/data']).toBe(`${stack.project}_old`);

  await stack.type('abort', '--reason', 'a test');
  await stack.until('aborted');
  // Somebody edits the active file, and nobody brings the stack to it.
  stack.write('.env', 'STORE=new\n');
  await stack.docker('volume', 'create', `${stack.project}_new`);
  const verified = await stack.type('verify');
  expect(`${verified.out}${verified.error}`).toContain(`volume ${stack.project}_old at /data`);
  const backup = await stack.type('backup', 'create');
  expect(`${backup.out}${backup.error}`).toContain(`${stack.project}_old is taken`);
});

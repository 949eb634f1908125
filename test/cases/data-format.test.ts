import { expect, it } from '@jest/globals';
import { caseStacks, type CaseStack, type Own } from './case-stack.ts';

const cases = caseStacks();

/** What tells a PostgreSQL image and its files from others; no server is needed to see that the two do not match. */
const server = ({ project, image }: Own, major: number) => ({
  name: `${project}:pg${major}`,
  file: `FROM ${image.v1}\nENV PG_MAJOR=${major}\nENV PGDATA=/var/lib/postgresql/data\nVOLUME /var/lib/postgresql/data\nLABEL of=${project}\n`,
});
const compose = ({ project }: Own, image: string, target: string) => `name: ${project}
services:
  db: { image: '${image}', volumes: ['data:${target}'] }
volumes: { data: {} }
`;

async function stackOf(next: (own: Own) => { image: string; target: string }): Promise<CaseStack> {
  const home = '/var/lib/postgresql/data';
  const stack = await cases.stack((own) => {
    const before = compose(own, server(own, 16).name, home);
    const { image, target } = next(own);
    return {
      'docker-compose.yml': before,
      'docker/v1.yml': before,
      'docker/v2.yml': compose(own, image, target),
      'pg15.Dockerfile': server(own, 15).file,
      'pg16.Dockerfile': server(own, 16).file,
      'switchback.yml': `switchback: 1
name: format
stack: { directory: ., project: ${own.project}, compose: docker-compose.yml }
protect: [{ volume: ${own.project}_data, writers: [{ service: db, images: any }] }]
baseline: { compose: docker/v1.yml, services: 1 }
phases:
  - id: next
    checkpoint: { compose: docker/v2.yml }
    verify: [{ services: 1, healthy: true }]
`,
    };
  });
  for (const major of [15, 16])
    await stack.docker('build', '--quiet', '--tag', `${stack.project}:pg${major}`, '-f', `pg${major}.Dockerfile`, '.');
  await stack.compose('up', '--detach', '--wait');
  await stack.exec(
    'db',
    'sh',
    '-c',
    `mkdir ${home}/global && echo 16 > ${home}/PG_VERSION && touch ${home}/global/pg_control`,
  );
  return stack;
}

async function expectRefused(stack: CaseStack, reason: string): Promise<void> {
  const { id } = await stack.container('db');
  const started = await stack.type('start', '--watch');
  expect(started.code).toBe(7);
  expect(started.out + started.error).toContain(reason);
  // Nothing has been done.
  expect((await stack.container('db')).id).toBe(id);
  for (const major of [15, 16]) await stack.docker('image', 'rm', '--force', `${stack.project}:pg${major}`);
}

it('an older PostgreSQL on the files of a newer one is refused before anything moves', async () => {
  const stack = await stackOf(({ project }) => ({ image: `${project}:pg15`, target: '/var/lib/postgresql/data' }));
  await expectRefused(
    stack,
    `service db runs PostgreSQL 15, and the data in volume ${stack.project}_data is of PostgreSQL 16`,
  );
});

it('a database that would begin empty beside its data is refused before anything moves', async () => {
  const stack = await stackOf(({ project }) => ({ image: `${project}:pg16`, target: '/var/lib/postgresql' }));
  await expectRefused(stack, 'service db would begin an empty database at /var/lib/postgresql/data');
});

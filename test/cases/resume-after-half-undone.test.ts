import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from '@jest/globals';
import { caseStacks, type CaseStack, type Own } from './case-stack.ts';

const cases = caseStacks();

/** Service c starts only once b is healthy, which a file decides. */
const compose = ({ project, image }: Own, release: string, command: string) => `name: ${project}
x-app: &app
  image: ${image.v1}
  environment: { RELEASE: '${release}' }
services:
  a: *app
  b:
    <<: *app
    volumes: ['./flag:/flag:ro']
    healthcheck: { test: [CMD, test, -f, /flag/ok], interval: 1s, retries: 2 }
  c:
    <<: *app
    command: ${command}
    depends_on: { b: { condition: service_healthy } }
`;

const serve = '[stand-in, serve]';

async function failedHalfWay(): Promise<CaseStack> {
  const stack = await cases.stack((own) => ({
    'docker-compose.yml': compose(own, '1', serve),
    'docker/v1.yml': compose(own, '1', serve),
    'docker/v2.yml': compose(own, '2', '[sh, -c, "exit 3"]'),
    'flag/ok': '',
    'switchback.yml': `switchback: 1
name: resume
stack: { directory: ., project: ${own.project}, compose: docker-compose.yml }
baseline: { compose: docker/v1.yml, services: 3 }
phases:
  - id: broken
    checkpoint: { compose: docker/v2.yml }
    verify: [{ services: 3, healthy: true }]
`,
  }));
  await stack.compose('up', '--detach', '--wait');
  await stack.type('start');
  await stack.until('awaiting-operator');
  // From here on b never becomes healthy: the way back stops there, with the files back and c not started.
  rmSync(join(stack.folder, 'flag/ok'));
  return stack;
}

/** What the engine itself says of the stack. */
async function standing(stack: CaseStack): Promise<string[]> {
  return (await stack.containers()).map(({ service, state, health, env }) =>
    [service, state, health, env['RELEASE']].join(' '),
  );
}

const released = ['a running healthy 1', 'b running healthy 1', 'c running healthy 1'];

it('a rollback that failed half-way goes on where it stopped, and ends with every service back', async () => {
  const stack = await failedHalfWay();
  await stack.type('rollback', '--reason', 'a test');
  await stack.until('rollback-paused');
  expect(stack.read('docker-compose.yml')).toBe(stack.read('docker/v1.yml'));
  expect(await standing(stack)).not.toEqual(released);

  stack.write('flag/ok', '');
  await stack.type('resume');
  await stack.until('rolled-back');
  expect(await standing(stack)).toEqual(released);
});

it('the same, where the worker was killed while containers were brought back', async () => {
  const stack = await failedHalfWay();
  await stack.type('rollback', '--reason', 'a test');
  // The files are back, the containers are on their way.
  while (stack.read('docker-compose.yml') !== stack.read('docker/v1.yml'))
    await new Promise((resolve) => setTimeout(resolve, 20));
  await new Promise((resolve) => setTimeout(resolve, 500));
  await cases.world.killWorker();
  expect(await standing(stack)).not.toEqual(released);
  stack.write('flag/ok', '');
  await cases.world.startWorker();
  await stack.until('rolled-back');
  expect(await standing(stack)).toEqual(released);
});

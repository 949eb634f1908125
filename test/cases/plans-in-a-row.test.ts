import { expect, it } from '@jest/globals';
import { caseStacks, type Own } from './case-stack.ts';

const cases = caseStacks();

const compose = ({ project, image }: Own, release: string) => `name: ${project}
services:
  web: { image: ${image.v1}, environment: { RELEASE: '${release}' } }
`;

/** A plan of phases, each with the release that it brings. */
const plan = ({ project }: Own, name: string, baseline: string, phases: Record<string, string>) => `switchback: 1
name: ${name}
stack: { directory: ., project: ${project}, compose: docker-compose.yml }
baseline: { compose: docker/${baseline}.yml, services: 1 }
phases:
${Object.entries(phases)
  .map(
    ([id, release]) => `  - { id: ${id}, checkpoint: { compose: docker/${release}.yml }, verify: [{ services: 1 }] }`,
  )
  .join('\n')}
`;

const releases = (own: Own) => ({
  'docker-compose.yml': compose(own, 'r1'),
  ...Object.fromEntries(['r1', 'r2', 'r3', 'r4'].map((release) => [`docker/${release}.yml`, compose(own, release)])),
});

it('the second of two plans goes back to where the first one ended, and says so', async () => {
  const stack = await cases.stack((own) => ({
    ...releases(own),
    'a.yml': plan(own, 'plan-a', 'r1', { 'to-r2': 'r2', 'to-r3': 'r3' }),
    'b.yml': plan(own, 'plan-b', 'r3', { 'to-r4': 'r4' }),
  }));
  const release = async () => (await stack.container('web')).env['RELEASE'];
  await stack.compose('up', '--detach', '--wait');
  expect(await stack.type('start', 'a.yml', '--watch')).toMatchObject({ code: 0 });
  expect(await stack.type('start', 'b.yml', '--watch')).toMatchObject({ code: 0 });
  expect(await release()).toBe('r4');

  const back = await stack.type('rollback', '--plan', 'b.yml', '--reason', 'a test', '--watch');
  expect([await release(), back.code]).toEqual(['r3', 0]);
  const verified = await stack.ask<{ checkpoint: string; good: boolean }>('verify', '--plan', 'b.yml');
  expect(verified).toMatchObject({ checkpoint: 'to-r3', good: true });

  // The one before goes back by its own plan, of which the newest one knows nothing.
  expect(await stack.type('rollback', '--plan', 'b.yml', '--reason', 'a test', '--watch')).toMatchObject({ code: 0 });
  expect(await release()).toBe('r2');
});

it('a phase of an id that another plan has used is work of its own', async () => {
  const stack = await cases.stack((own) => ({
    ...releases(own),
    'march.yml': plan(own, 'march', 'r1', { upgrade: 'r2' }),
    'june.yml': plan(own, 'june', 'r2', { upgrade: 'r3' }),
  }));
  const release = async () => (await stack.container('web')).env['RELEASE'];
  await stack.compose('up', '--detach', '--wait');
  expect(await stack.type('start', 'march.yml', '--watch')).toMatchObject({ code: 0 });
  expect(await stack.type('start', 'june.yml', '--watch')).toMatchObject({ code: 0 });
  expect(await release()).toBe('r3');

  // The same plan once more is the same work: it stands already.
  expect(await stack.type('start', 'june.yml', '--watch')).toMatchObject({ code: 0 });
  expect(await release()).toBe('r3');
  expect(await stack.type('rollback', '--plan', 'june.yml', '--reason', 'a test', '--watch')).toMatchObject({
    code: 0,
  });
  expect(await release()).toBe('r2');
});

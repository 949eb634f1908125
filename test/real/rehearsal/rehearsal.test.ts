import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { execa } from 'execa';
import { sleeper, composeFile, engine, image } from '../compose/stack-fixture.ts';
import { ownLabels, sweepDead, sweepOwn } from '../own-names.ts';
import { RehearsalStage, smallStack, type RehearsedStack } from './rehearsal-fixture.ts';

let stage: RehearsalStage;
let stack: RehearsedStack;
const plain = smallStack();
/** Built from another container, so that nothing else has it. */
const goneImage = `switchback-test/gone:${process.pid}`;

beforeAll(async () => {
  await sweepDead(engine);
  stage = await RehearsalStage.start();
  stack = await stage.stack(plain);
  await stack.up();
  await stack.sql(
    `create table orders (id int primary key, customer text, price numeric); insert into orders select n, 'c' || n % 7, n from generate_series(1, 500) n`,
  );
  await stack.exec('app', 'bash', '-c', 'echo one > /data/a; mkdir /data/sub; echo two > /data/sub/b');
}, 600_000);
afterAll(async () => {
  await stage?.stop();
  await sweepOwn(engine);
  await execa('docker', ['rmi', '-f', goneImage], { reject: false });
}, 120_000);

const look = () => stack.fingerprint(['app_data'], ['select * from orders order by id']);

/** What happened to anything of the original, health checks left out. */
async function eventsSince(since: number): Promise<string[]> {
  const format =
    '{{.Type}} {{.Action}} {{.Actor.Attributes.name}} {{index .Actor.Attributes "com.docker.compose.project"}}';
  const until = String(Date.now() / 1000);
  const { stdout } = await execa('docker', ['events', '--since', String(since), '--until', until, '--format', format]);
  return stdout
    .split('\n')
    .filter((line) => line.endsWith(` ${stack.project}`) && !/ (exec_|health_status)/.test(line));
}

/** Rehearses the stack with some of its files changed, which are put back; the original is the same afterwards, and no clone is left. */
async function rehearseWith(files: Record<string, string>, options: Parameters<RehearsedStack['rehearse']>[0] = {}) {
  for (const [path, text] of Object.entries(files)) await stack.write(path, text.replaceAll('PROJECT', stack.project));
  const before = await look();
  const since = Date.now() / 1000;
  try {
    const [found] = await stack.rehearse(options);
    expect(await eventsSince(since)).toEqual([]);
    expect(await look()).toEqual(before);
    expect(await stack.remains()).toEqual([]);
    return found!;
  } finally {
    for (const path of Object.keys(files))
      await stack.write(path, (plain[path] ?? '').replaceAll('PROJECT', stack.project));
  }
}

const changed = (path: string, change: (text: string) => string) => ({ [path]: change(plain[path] ?? '') });

describe('a rehearsal', () => {
  it('[K10] [M12] holds, measures the way back, writes it down, and leaves the original alone', async () => {
    const found = await rehearseWith({});
    expect(found).toMatchObject({ phase: 'two', outcome: 'held', differences: [] });
    expect(found.seconds?.back).toBeGreaterThan(0);
    expect(found.compared).toEqual(expect.arrayContaining([expect.stringContaining('1 tables by key with 500 rows')]));
    const { state } = await stack.journal();
    expect(state.rehearsals.get('two')).toEqual(found);
  }, 240_000);
});

describe('in a run', () => {
  it('[K10] is done with the recovery points of the phase, before anything is applied', async () => {
    const files = smallStack();
    const plan = (files['switchback.yml'] ?? '').replace(
      /^ *backup: .*\n/m,
      '    backup: [ { volume: PROJECT_app_data, quiesce: stop }, { store: orders } ]\n    rehearse: true\n',
    );
    const own = await stage.stack({ ...files, 'switchback.yml': plan });
    await own.up();
    await own.sql('create table orders (id int primary key, customer text); insert into orders values (1, $$one$$)');
    const status = await (await own.migrate('r1')).result();
    expect(status.state).toBe('completed');
    expect(status.phases[0]?.wayBack).toMatchObject({ outcome: 'held' });
    const { records, state } = await own.journal();
    expect(state.rehearsals.get('two')?.notes).toEqual(
      expect.arrayContaining([
        expect.stringMatching(/^volume .*_app_data from recovery point r1\/two-volume-/),
        'store orders from recovery point r1/two-store-orders',
      ]),
    );
    const rehearsed = records.findIndex((record) => record.type === 'rehearsed');
    const applied = records.findIndex((record) => record.type === 'intent' && record.operation.stage === 'apply');
    expect(rehearsed).toBeGreaterThan(0);
    expect(rehearsed).toBeLessThan(applied);
    expect(await own.remains()).toEqual([]);
    await own.down();
  }, 300_000);
});

describe('a fault in the way back is found', () => {
  it('a volume that the new version changes', async () => {
    const v2 = changed('docker/v2.yml', (text) =>
      text.replace(
        /"command": \[\s*"sleep",\s*"3600"\s*\],([^{}]*"hostname")/,
        '"command": ["bash", "-c", "echo changed > /data/a; exec sleep 3600"],$1',
      ),
    );
    expect(v2['docker/v2.yml']).not.toBe(plain['docker/v2.yml']);
    const found = await rehearseWith(v2);
    expect(found.outcome).toBe('failed');
    expect(found.differences).toEqual([expect.stringMatching(/after the way back, volume:\S+_app_data a has changed/)]);
  }, 240_000);

  it('an undo that does not run', async () => {
    const found = await rehearseWith(changed('schemas/002.undo.sql', () => 'drop index no_such_index;\n'));
    expect(found).toMatchObject({ outcome: 'failed', why: expect.stringContaining('no_such_index') });
  }, 240_000);

  it('an undo that forgets a column', async () => {
    const found = await rehearseWith(
      {
        'schemas/002.sql': 'alter table orders add column note text, add column channel text;\n',
        'schemas/002.undo.sql': 'alter table orders drop column note;\n',
      },
      { discardData: true },
    );
    expect(found.outcome).toBe('failed');
    expect(found.differences).toContain(
      'after the way back, store:orders public.orders got the column channel, and its undo has not taken that back',
    );
  }, 240_000);

  it('an undo that puts other values back', async () => {
    const found = await rehearseWith({
      'schemas/002.sql': 'alter table orders add column cost int not null default 0;\n',
      'schemas/002.undo.sql':
        'alter table orders rename column price to was; alter table orders rename column cost to price; alter table orders rename column was to cost;\n',
    });
    expect(found.outcome).toBe('failed');
    expect(found.differences).toContain('after the way back, store:orders/public.orders 500 rows have other values');
  }, 240_000);

  it('an image that is not there any more', async () => {
    await execa('docker', [
      'run',
      '--name',
      `gone-${process.pid}`,
      '--label',
      `x=${process.pid}`,
      image,
      'touch',
      '/gone',
    ]);
    await execa('docker', ['commit', `gone-${process.pid}`, goneImage]);
    await execa('docker', ['rm', `gone-${process.pid}`]);
    const once = { once: { image: goneImage, command: ['true'], labels: ownLabels } };
    const v1 = JSON.parse((plain['docker-compose.yml'] ?? '').replace(/^#.*\n/, '')) as { services: object };
    const text = JSON.stringify({ ...v1, services: { ...v1.services, ...once } });
    await stack.write('docker-compose.yml', text.replaceAll('PROJECT', stack.project));
    await stack.up();
    await execa('docker', ['rmi', '-f', goneImage]);
    const found = await rehearseWith({ 'docker-compose.yml': text });
    expect(found).toMatchObject({
      outcome: 'failed',
      why: expect.stringContaining(`image ${goneImage} of service once`),
    });
    await execa('docker', ['rm', '-f', `${stack.project}-once-1`]);
  }, 240_000);
});

describe('what cannot be cloned is not rehearsed, and says why', () => {
  const services = (more: Record<string, object>, top: object = {}) => {
    const v2 = JSON.parse((plain['docker/v2.yml'] ?? '').replace(/^#.*\n/, '')) as { services: object };
    return { 'docker/v2.yml': JSON.stringify({ ...v2, ...top, services: { ...v2.services, ...more } }) };
  };
  it.each([
    [
      'the Docker socket',
      services({ x: sleeper({ volumes: ['/var/run/docker.sock:/var/run/docker.sock'] }) }),
      /mounts \/var\/run\/docker.sock from outside/,
    ],
    ['the network of the host', services({ x: sleeper({ network_mode: 'host' }) }), /service x uses the network host/],
    [
      "another stack's volume",
      services(
        { x: sleeper({ volumes: ['other:/x'] }) },
        { volumes: { db_data: {}, app_data: {}, other: { external: true } } },
      ),
      /volume other belongs to somebody else/,
    ],
    ['a device', services({ x: sleeper({ devices: ['/dev/null:/dev/x'] }) }), /has devices/],
    [
      'memory that is not there',
      services({ x: sleeper({ deploy: { resources: { reservations: { memory: '900G' } } } }) }),
      /needs .* of memory/,
    ],
  ])(
    '%s',
    async (_what, files, why) => {
      const found = await rehearseWith(files);
      expect(found).toMatchObject({ outcome: 'not-rehearsed', why: expect.stringMatching(why) });
    },
    60_000,
  );

  it('a volume that is written to and has no recovery point', async () => {
    const found = await rehearseWith(changed('switchback.yml', (text) => text.replace(/^ *backup: .*\n/m, '')));
    expect(found).toMatchObject({
      outcome: 'not-rehearsed',
      why: expect.stringMatching(/has no recovery point, and .*app-1 writes to it/),
    });
  }, 60_000);

  it("a stack of the clone's name that is somebody's own", async () => {
    const own = ['--project-name', `${stack.project}-rehearsal`];
    const file = `${stage.folder}/foreign.yml`;
    const { writeFile } = await import('node:fs/promises');
    await writeFile(file, composeFile({ theirs: sleeper() }, { subnet: `10.217.${process.pid % 256}.0/28` }));
    await execa('docker', ['compose', ...own, '-f', file, 'up', '-d']);
    const [found] = await stack.rehearse();
    expect(found).toMatchObject({ outcome: 'not-rehearsed', why: expect.stringContaining('exists already') });
    const { stdout } = await execa('docker', ['ps', '-q', '--filter', `name=${stack.project}-rehearsal-theirs`]);
    expect(stdout).not.toBe('');
    await execa('docker', ['compose', ...own, '-f', file, 'down', '-t', '1']);
  }, 60_000);
});

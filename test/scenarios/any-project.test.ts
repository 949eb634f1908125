import {
  appendFileSync,
  cpSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  realpathSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { execa } from 'execa';

import { placeOf } from '../../examples/demo/place.ts';
import { operatorAt, type Operator } from '../../examples/demo/operator.ts';
import { recordingScreen } from '../../examples/demo/screen.ts';
import { ownName } from '../real/own-names.ts';

const longest = 5 * 60_000;
const project = ownName('notes');
const store = ownName('notes-store');
const scratch = mkdtempSync(join(realpathSync(tmpdir()), 'switchback-any-'));
/** As people call folders. */
const folder = join(scratch, 'Notes & more (v2)');
const abort = new AbortController();
const screen = recordingScreen();
const operator: Operator = operatorAt({
  place: { ...placeOf('any'), home: join(scratch, 'home'), shop: folder },
  screen,
  signal: abort.signal,
  environment: {},
});
const docker = async (...argv: string[]) => (await execa('docker', argv, { cwd: folder })).stdout;
const write = (path: string, text: string) => writeFileSync(join(folder, path), text);
const read = (path: string) => readFileSync(join(folder, path), 'utf8');

beforeAll(async () => {
  await execa(join(placeOf().root, 'examples/shop/build-images'), [], { stdio: ['ignore', 2, 2] });
  cpSync(join(import.meta.dirname, 'projects/notes'), folder, { recursive: true });
  mkdirSync(join(folder, 'cache'));
  const subnet = `10.213.${process.pid % 256}.0/28`;
  const env = {
    COMPOSE_PROJECT_NAME: project,
    COMPOSE_PROFILES: 'reports',
    NOTES_MODE: 'v1',
    NOTES_CONF: './notes.conf',
    NOTES_SUBNET: subnet,
    NOTES_STORE: store,
    DB_USER: 'postgres',
  };
  write(
    '.env',
    `${Object.entries(env)
      .map((pair) => pair.join('='))
      .join('\n')}\n`,
  );
  await docker('volume', 'create', store);
  // As its owner does it, with nothing but what the folder says.
  await docker('compose', 'up', '--detach', '--wait', 'web', 'worker', 'report.daily');
  await sql("CREATE TABLE notes (id serial PRIMARY KEY, text text); INSERT INTO notes (text) VALUES ('before')");
}, longest);

afterAll(async () => {
  await operator.type('down');
  abort.abort();
  await execa('docker', ['compose', '-p', project, 'down', '--volumes', '--timeout', '1'], { reject: false });
  await execa('docker', ['volume', 'rm', store], { reject: false });
  rmSync(scratch, { recursive: true, force: true });
}, longest);

const sql = (statement: string) =>
  docker('exec', `${project}-db-1`, 'psql', '-U', 'postgres', '-h', '/var/run/postgresql', 'shop', '-Atc', statement);

/** Names, ids and images of the project's containers, the one-shot's aside: it may run again. */
async function containers(): Promise<string[]> {
  const format = '{{.Names}} {{.ID}} {{.Image}}';
  const out = await docker('ps', '--filter', `label=com.docker.compose.project=${project}`, '--format', format);
  return out.split('\n').sort();
}

// One story in order: each part begins where the one before has ended.
describe('a project that nobody here wrote', () => {
  it(
    'is read with all its files, profiles and volumes, into a plan that needs no editing',
    async () => {
      const { warnings } = await operator.ask<{ warnings: string[] }>('init');
      const plan = read('switchback.yml');
      const stack = `stack: { directory: ., project: ${project}, compose: docker-compose.switchback.yml, env: .env, profiles: [reports] }`;
      expect(plan).toContain(stack);
      expect(plan).toContain('db: { kind: postgres, service: db, database: shop, user: postgres }');
      expect(plan).toContain(`- { volume: ${project}_files, quiesce: stop }`);
      expect(plan).toContain('services: 5');
      expect(plan).toContain('# Profiles that are off, and left alone: debug (debug).');
      expect(read('docker-compose.switchback.yml')).toBe(read('docker/v1-baseline.yml'));
      expect(plan + read('docker/v1-baseline.yml')).not.toContain('fixture-passw0rd');
      const said = warnings.join('\n');
      expect(said).toContain('volumes without a name: report.daily (/scratch)');
      expect(said).toContain(`${project}_files is used by migrate, report.daily, worker`);
      expect(said).toContain('web (./cache)');
      expect(said).toContain(`made outside the project: volume ${store}`);
      expect(await operator.type('lint')).toBe(0);
      expect(await operator.type('plan')).toBe(0);
    },
    longest,
  );

  it(
    'is proven as it stands: nothing is made anew',
    async () => {
      const before = await containers();
      expect(before).toHaveLength(5);
      expect(await operator.type('up', '--detach')).toBe(0);
      expect([await operator.type('start', '--watch'), screen.lines.slice(-12)]).toEqual([0, expect.anything()]);
      expect(await containers()).toEqual(before);
      expect(await operator.type('rollback', '--to', 'baseline', '--reason', 'a test', '--watch')).toBe(0);
      expect(await containers()).toEqual(before);
    },
    longest,
  );

  it(
    '[K7] is changed and taken back, with what was written meanwhile',
    async () => {
      const before = await containers();
      const v1 = read('docker/v1-baseline.yml');
      write(
        'docker/v2.yml',
        v1
          .replace('sleep\n      - infinity', 'sleep\n      - "86400"')
          .replace(
            'services:\n',
            'services:\n  extra:\n    image: debian:bookworm-slim\n    init: true\n    command: [sleep, infinity]\n',
          ),
      );
      write('docker/.env.v2', read('docker/.env.v1').replace('NOTES_MODE=v1', 'NOTES_MODE=v2'));
      appendFileSync(
        join(folder, 'switchback.yml'),
        '  - id: change\n    checkpoint: { compose: docker/v2.yml, env: docker/.env.v2 }\n    verify: [{ services: 6, healthy: true }]\n',
      );
      expect([await operator.type('start', '--watch'), screen.lines.slice(-12)]).toEqual([0, expect.anything()]);
      expect(await docker('inspect', `${project}-front`)).toContain('NOTES_MODE=v2');
      expect(await containers()).toHaveLength(6);
      await sql("INSERT INTO notes (text) VALUES ('after')");

      expect(await operator.type('rollback', '--to', 'baseline', '--reason', 'a test', '--watch')).toBe(0);
      const front = await docker('inspect', `${project}-front`);
      for (const kept of [
        'NOTES_MODE=v1',
        'NOTES_FROM_FILE=yes',
        'NOTES_EXTRA=from-the-override',
        'NOTES_PRICE=5$',
        'NOTES_PROFILES=reports',
      ])
        expect(front).toContain(kept);
      const names = (lines: string[]) => lines.map((line) => line.split(' ')[0]);
      expect(names(await containers())).toEqual(names(before));
      expect(await sql('SELECT string_agg(text, $$,$$ ORDER BY id) FROM notes')).toBe('before,after');
      expect(read('docker-compose.switchback.yml')).toBe(v1);
    },
    longest,
  );
});

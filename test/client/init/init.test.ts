import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';

import { writeInitialPlan } from '../../../client/init/index.ts';
import { readPlan } from '../../../client/plan-file/index.ts';
import { Repository } from '../../activities/git/repository.ts';

let directory: string;
beforeEach(() => {
  directory = join(mkdtempSync(join(tmpdir(), 'switchback-init-')), 'motovault');
  mkdirSync(directory);
});
afterEach(() => {
  rmSync(join(directory, '..'), { recursive: true });
});

const write = (path: string, text: string) => writeFileSync(join(directory, path), text);
/** A machine without Docker: what is written is all there is. */
const withoutDocker = { PATH: '/nowhere' };
const init = (environment: NodeJS.ProcessEnv = withoutDocker) => writeInitialPlan({ directory, environment });

const stack = `
x-restart: &restart { restart: unless-stopped }
services:
  mvp-postgres:
    <<: *restart
    image: postgres:15-alpine
    environment:
      POSTGRES_DB: motovault
      POSTGRES_USER: moto
      POSTGRES_PASSWORD: \${DB_PASSWORD:?}
    volumes: [ "mvp_postgres_data:/var/lib/postgresql/data" ]
    healthcheck: { test: [CMD-SHELL, pg_isready -U moto] }
  mvp-redis:
    image: redis:7
    volumes: [ "mvp_redis_data:/data", "/scratch" ]
  mvp-backend:
    build: ./backend
    environment: [ "TOKEN=plain-secret" ]
    ports: [ "127.0.0.1:\${BACKEND_PORT:-3001}:3001" ]
    volumes: [ "./uploads:/uploads", "documents:/documents" ]
    healthcheck: { test: [CMD, curl, -f, "http://localhost:3001/health"] }
  mvp-frontend:
    image: frontend:1
    ports: [ "8080:80" ]
  tools: { image: tools:1, profiles: [debug] }
volumes:
  mvp_postgres_data: { name: mvp_postgres_data }
  mvp_redis_data: {}
  documents: { external: true }
  unused: {}
`;

describe('a first plan', () => {
  it('names stack, stores, backups and checks of a project, reads without mistakes, and holds no secret', async () => {
    write('docker-compose.yml', stack);
    write('.env', 'DB_PASSWORD=hunter2\nBACKEND_PORT=3001\n');
    const { path, text, files, warnings } = await init();
    expect(path).toBe(join(directory, 'switchback.yml'));
    expect(readFileSync(path, 'utf8')).toBe(text);
    expect(text).not.toMatch(/hunter2|plain-secret/);

    const reading = await readPlan(path);
    if (!reading.ok) throw new Error(reading.issues.map(({ message }) => message).join('\n'));
    const { plan, compiled } = reading;
    expect(plan.stack).toMatchObject({ project: 'motovault', compose: 'docker-compose.yml', env: '.env' });
    expect(plan.stores).toEqual({
      'mvp-postgres': {
        kind: 'postgres',
        service: 'mvp-postgres',
        database: 'motovault',
        user: 'moto',
      },
    });
    expect(plan.baseline).toMatchObject({ compose: 'docker/v1-baseline.yml', env: 'docker/.env.v1', services: 4 });
    expect(plan.phases[0]?.backup).toEqual([
      { store: 'mvp-postgres', method: 'logical' },
      { volume: 'motovault_mvp_redis_data', quiesce: 'stop' },
      { volume: 'documents', quiesce: 'stop' },
    ]);
    expect(text).toContain('# - { volume: mvp_postgres_data, quiesce: stop }');
    expect(plan.phases[0]?.verify).toMatchObject([
      { services: 4, healthy: true },
      { http: 'http://127.0.0.1:${BACKEND_PORT}/health', status: 200 },
    ]);
    // An address that nobody promised is a suggestion.
    expect(text).toContain("# - { http: 'http://127.0.0.1:8080/', status: 200 }");
    expect(text).toContain('# mvp-redis looks like Redis');
    expect(compiled.target).toBe('motovault');

    expect(files.map((file) => file.slice(directory.length + 1))).toEqual([
      'switchback.yml',
      'docker/v1-baseline.yml',
      'docker/.env.v1',
    ]);
    expect(readFileSync(join(directory, 'docker/v1-baseline.yml'), 'utf8')).toBe(stack);
    expect(statSync(join(directory, 'docker/.env.v1')).mode & 0o777).toBe(0o600);
    expect(warnings.join('\n')).toMatch(/no health check: mvp-redis, mvp-frontend/);
    expect(warnings.join('\n')).toMatch(/volumes without a name: mvp-redis \(\/scratch\)/);
    expect(warnings.join('\n')).toMatch(/services can write to: mvp-backend \(\.\/uploads\)/);
    expect(warnings.join('\n')).toMatch(/built here: mvp-backend/);
  });

  it('says of an env file that Compose cannot read the line alone', async () => {
    write('docker-compose.yml', stack);
    write('.env', 'A=1\nDB_PASSWORD="dbpw-bbb-777\n');
    const error = await init().catch((failed: unknown) => failed);
    expect(error).toMatchObject({ name: 'PlanInvalid', message: '.env line 2 has a quote that is not closed' });
    expect(JSON.stringify(error)).not.toContain('dbpw');
  });

  it('uses tags and a backup branch where there is git, and warns of secrets that git would take', async () => {
    const repository = new Repository(directory);
    repository
      .write('docker-compose.yml', stack)
      .write('.gitignore', '.env\n')
      .write('.env', 'DB_PASSWORD=hunter2\n')
      .commit();
    const { warnings, text } = await init();
    expect(text).toContain('before: { tag: v1-stable, branch: backup-motovault-v1 }');
    expect(warnings.join('\n')).toContain('git ignores .env, but not its copy docker/.env.v1');
    const reading = await readPlan(join(directory, 'switchback.yml'));
    expect(reading).toMatchObject({ ok: true });
  });

  it('calls the baseline otherwise where v1-stable is taken', async () => {
    const repository = new Repository(directory);
    repository.write('docker-compose.yml', stack).commit();
    repository.git('tag', 'v1-stable');
    repository.write('more', 'more').commit();
    expect((await init()).text).toContain('tag: motovault-v1-stable');
  });

  it('fits the shop', async () => {
    const shop = join(import.meta.dirname, '../../../examples/shop');
    cpSync(join(shop, 'docker/v1-baseline.yml'), join(directory, 'docker-compose.yml'));
    cpSync(join(shop, 'docker/.env.v1'), join(directory, '.env'));
    const { path } = await init();
    const reading = await readPlan(path);
    if (!reading.ok) throw new Error(reading.issues.map(({ message }) => message).join('\n'));
    expect(reading.plan.stores['db']).toMatchObject({ service: 'db', user: 'shop', database: 'shop' });
    expect(reading.plan.baseline.services).toBe(6);
    expect(reading.plan.phases[0]?.verify).toMatchObject([
      { services: 6 },
      { http: expect.stringMatching(/\$\{SHOP_PORT\}\//) },
    ]);
  });

  it('of a project with nothing to back up says so', async () => {
    write('compose.yaml', 'name: tiny\nservices: { web: { image: web:1 } }\n');
    const { text } = await init();
    expect(text).toContain('compose: compose.yaml');
    expect(text).toContain('there is nothing to back up');
    expect(await readPlan(join(directory, 'switchback.yml'))).toMatchObject({
      ok: true,
      plan: { stack: { project: 'tiny' } },
    });
  });

  it('overwrites nothing', async () => {
    write('docker-compose.yml', stack);
    mkdirSync(join(directory, 'docker'));
    write('docker/v1-baseline.yml', 'services: { old: { image: old:1 } }\n');
    const { warnings, files } = await init();
    expect(files).toEqual([join(directory, 'switchback.yml')]);
    expect(readFileSync(join(directory, 'docker/v1-baseline.yml'), 'utf8')).toContain('old');
    expect(warnings.join('\n')).toContain('docker/v1-baseline.yml was there already');
    await expect(init()).rejects.toMatchObject({
      name: 'Conflict',
      message: expect.stringContaining('switchback.yml'),
    });
  });

  it('needs a Compose file that can be read', async () => {
    await expect(init()).rejects.toMatchObject({ name: 'PlanInvalid', hint: expect.any(String) });
    write('docker-compose.yml', 'services: [\n');
    await expect(init()).rejects.toMatchObject({ name: 'PlanInvalid' });
  });
});

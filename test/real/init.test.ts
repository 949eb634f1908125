import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';

import { writeInitialPlan } from '../../client/init/index.ts';
import { readPlan } from '../../client/plan-file/index.ts';

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'switchback-init-'));
});
afterEach(() => {
  rmSync(directory, { recursive: true });
});

describe('a first plan, with docker compose at hand', () => {
  it('takes names and ports from what Compose itself makes of the files', async () => {
    writeFileSync(join(directory, '.env'), 'STACK=moto\nAPI_PORT=3001\nPASSWORD=hunter2\n');
    writeFileSync(
      join(directory, 'docker-compose.yml'),
      `
name: \${STACK}-prod
x-common: &common { restart: always, volumes: [ "data:/data", "./conf:/conf:ro" ] }
services:
  api:
    <<: *common
    image: api:\${STACK}
    ports: [ { target: 8080, published: "\${API_PORT}", host_ip: 127.0.0.1 }, "127.0.0.1:9100-9101:9100-9101", "7000" ]
    environment: { PASSWORD: "\${PASSWORD}" }
    healthcheck: { test: curl -fsS http://localhost:8080/ready }
volumes: { data: { name: "\${STACK}_data" } }
`,
    );
    const { path, text } = await writeInitialPlan({ directory });
    expect(text).not.toContain('hunter2');
    const reading = await readPlan(path);
    if (!reading.ok) throw new Error(reading.issues.map(({ message }) => message).join('\n'));
    expect(reading.plan.stack.project).toBe('moto-prod');
    expect(reading.plan.phases[0]?.backup).toEqual([{ volume: 'moto_data', quiesce: 'stop' }]);
    expect(readFileSync(path, 'utf8')).toContain('http://127.0.0.1:');
    expect(reading.plan.phases[0]?.verify).toMatchObject([
      { services: 1 },
      { http: expect.stringMatching(/:(\$\{API_PORT\}|3001)\/ready$/) },
    ]);
  });

  it('fits the shop', async () => {
    const shop = join(import.meta.dirname, '../../examples/shop');
    cpSync(join(shop, 'docker/v1-baseline.yml'), join(directory, 'docker-compose.yml'));
    cpSync(join(shop, 'docker/.env.v1'), join(directory, '.env'));
    const { path, warnings } = await writeInitialPlan({ directory });
    const reading = await readPlan(path);
    if (!reading.ok) throw new Error(reading.issues.map(({ message }) => message).join('\n'));
    expect(warnings.join('\n')).not.toContain('could not read');
    expect(reading.plan.baseline.services).toBe(6);
    expect(reading.plan.stores['db']).toMatchObject({ user: 'shop', database: 'shop' });
  });
});

const write = (path: string, text: string) => {
  mkdirSync(dirname(join(directory, path)), { recursive: true });
  writeFileSync(join(directory, path), text);
};
/** The plan, which has to be one that can run. */
async function planOf(request: Omit<Parameters<typeof writeInitialPlan>[0], 'directory'> = {}) {
  const written = await writeInitialPlan({ directory, ...request });
  const reading = await readPlan(written.path);
  if (!reading.ok) throw new Error(reading.issues.map(({ message }) => message).join('\n'));
  return { ...written, plan: reading.plan, baseline: readFileSync(join(directory, 'docker/v1-baseline.yml'), 'utf8') };
}

describe('a project in several files', () => {
  it('becomes one file in which variables are still variables, and that says the same', async () => {
    write(
      'docker-compose.yml',
      'services: { web: { image: "web:${TAG}", volumes: [ "${DATA}:/data", "./conf:/etc/web:ro" ] } }\n',
    );
    write('docker-compose.override.yml', 'services: { web: { environment: [ TOKEN, "PRICE=5$$" ] } }\n');
    write('.env', 'TAG=1.2\nDATA=./data\nTOKEN=hunter2\n');
    const { plan, baseline, files } = await planOf();
    expect(plan.stack.compose).toBe('docker-compose.switchback.yml');
    expect(files.map((file) => file.slice(directory.length + 1))).toContain('docker-compose.switchback.yml');
    expect(baseline).toContain('web:${TAG}');
    expect(baseline).toContain('source: ${DATA}');
    expect(baseline).toContain('source: ./conf');
    expect(baseline).toContain('PRICE=5$$');
    expect(baseline).not.toMatch(/hunter2|name:/);
    expect(baseline).not.toContain(directory);
  });

  it('is the one that COMPOSE_FILE names, with its profiles and project', async () => {
    write('a.yml', 'services: { a: { image: "a:1" }, j: { image: "j:1", profiles: [ jobs ] } }\n');
    write('b.yml', 'services: { b: { image: "b:1" } }\n');
    write('docker-compose.yml', 'services: { other: { image: "other:1" } }\n');
    write(
      '.env',
      'LEVEL=jobs\nCOMPOSE_PATH_SEPARATOR=;\nCOMPOSE_FILE=a.yml;b.yml\nCOMPOSE_PROFILES=${LEVEL},${MORE:-nightly}\nCOMPOSE_PROJECT_NAME=named\n',
    );
    const { plan, warnings } = await planOf();
    expect(plan.stack).toMatchObject({ project: 'named', profiles: ['jobs', 'nightly'] });
    expect(plan.baseline.services).toBe(3);
    expect(warnings.join('\n')).toContain('`COMPOSE_FILE` says nothing here');
  });

  it('is given by options, in their order', async () => {
    write('base.yml', 'services: { web: { image: "web:1", command: [ base ] } }\n');
    write('prod.yml', 'services: { web: { command: [ prod ], profiles: [ p ] } }\n');
    const { plan, baseline } = await planOf({ compose: ['base.yml', 'prod.yml'], profiles: ['p'], project: 'given' });
    expect(plan.stack).toMatchObject({ project: 'given', profiles: ['p'] });
    expect(baseline).toContain('- prod');
    await expect(writeInitialPlan({ directory, file: 'x.yml', compose: ['gone.yml'] })).rejects.toMatchObject({
      message: expect.stringContaining('gone.yml does not exist'),
    });
  });
});

describe('a project of one file that is not simple', () => {
  it('is copied as it is, with anchors, extends within it, odd names and many aliases', async () => {
    const services = Array.from(
      { length: 60 },
      (_, index) => `  s${index}.x: { <<: *common, environment: { <<: [ *a, *b ] } }`,
    );
    const text = `x-a: &a { A: 1 }\nx-b: &b { <<: *a, B: 2 }\nx-common: &common { image: "i:1", labels: { <<: *b }, environment: *b }\nservices:\n${services.join('\n')}\n  last: { extends: { service: s0.x } }\n`;
    write('compose.yaml', text);
    const { plan, baseline } = await planOf();
    expect(plan.baseline.services).toBe(61);
    expect(baseline).toBe(text);
  });

  it('knows the anonymous volume of an image from the image, or from what is usual', async () => {
    write('compose.yaml', 'services: { db: { image: "mariadb:99.not-here", healthcheck: { test: "true" } } }\n');
    const { warnings } = await planOf();
    expect(warnings.join('\n')).toContain('volumes without a name: db (/var/lib/mysql)');
  });

  it('says which variables have no value', async () => {
    write('compose.yaml', 'services: { a: { image: "a:1", environment: { X: "${NOT_SET}", Y: "${ALSO_NOT}" } } }\n');
    const { warnings } = await planOf();
    expect(warnings.join('\n')).toContain('variables without a value: ALSO_NOT, NOT_SET. Set them in .env');
  });
});

describe('a project that Compose does not accept', () => {
  it.each<[string, string, RegExp, RegExp]>([
    [
      'a required variable',
      'services: { a: { image: "a:${TAG:?which one}" } }',
      /required variable TAG is missing/,
      /Set TAG in \.env.*never from a shell/,
    ],
    [
      'an env_file that is not there',
      'services: { a: { image: "a:1", env_file: [ gone.env ] } }',
      /gone\.env/,
      /Make .*gone\.env/,
    ],
    [
      'an included file that is not there',
      'include: [ gone.yml ]\nservices: { a: { image: "a:1" } }',
      /gone\.yml/,
      /Make .*gone\.yml|Correct it/,
    ],
    ['an unknown key', 'services: { a: { image: "a:1", imagge: x } }', /imagge/, /docker compose config/],
    [
      'a service without an image',
      'services: { a: { command: x } }',
      /neither an image nor a build context/,
      /Correct it/,
    ],
    [
      'a dependency on nothing',
      'services: { a: { image: "a:1", depends_on: [ b ] } }',
      /undefined service/,
      /depends_on/,
    ],
    [
      'a volume that is not declared',
      'services: { a: { image: "a:1", volumes: [ "v:/v" , "vol:/w" ] } }',
      /undefined volume/,
      /Correct it/,
    ],
    [
      'services of profiles alone',
      'services: { a: { image: "a:1", profiles: [ web ] } }',
      /starts no service/,
      /--profile \(web\)/,
    ],
    ['broken YAML', 'services: { a: [ }', /docker-compose\.yml:1/, /docker compose config/],
    ['no services', 'volumes: { v: {} }', /starts no service|empty compose file/, /services/],
  ])('is refused: %s', async (_what, text, message, hint) => {
    write('docker-compose.yml', `${text}\n`);
    const refused = writeInitialPlan({ directory });
    await expect(refused).rejects.toMatchObject({
      name: 'PlanInvalid',
      message: expect.stringMatching(message),
      hint: expect.stringMatching(hint),
    });
    expect(existsSync(join(directory, 'switchback.yml'))).toBe(false);
  });
});

import { readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { expect, it } from '@jest/globals';
import { caseStacks, type CaseStack, type Own } from './case-stack.ts';

const sentinel = (kind: string) => `${kind}-${randomBytes(9).toString('hex')}`;
const planted = {
  plain: sentinel('plain'),
  url: sentinel('url'),
  password: sentinel('pw'),
  hook: sentinel('hook'),
  service: sentinel('svc'),
  compose: sentinel('cs'),
  broken: sentinel('broken'),
  brokenElsewhere: sentinel('elsewhere'),
  byVariable: sentinel('env'),
  byFile: sentinel('file'),
};
const cases = caseStacks({
  SWITCHBACK_SECRETS: 'ORDERS_URL',
  ORDERS_URL: `postgres://me:${planted.byVariable}@127.0.0.1:1/orders`,
});

const compose = ({ project, image }: Own, web: string) =>
  `name: ${project}\nservices:\n  web:\n    image: ${image.v1}\n${web}secrets: { key: { file: ./key.txt } }\n`;
const env = (more: string) =>
  `PLAIN=${planted.plain}\nDB_PASSWORD=${planted.password}\nHOOK=${planted.hook}\nDATABASE_URL=postgres://u:${planted.url}@db/app\n${more}`;
const files = (own: Own, v2: string, phase = '', stores = ''): Record<string, string> => ({
  'docker-compose.yml': compose(own, ''),
  'docker/v1.yml': compose(own, ''),
  'docker/v2.yml': compose(own, v2),
  '.env': env(''),
  'docker/.env.v1': env(''),
  'docker/.env.v2': env(''),
  'service.env': `SERVICE_TOKEN=${planted.service}\n`,
  'key.txt': `${planted.compose}\n`,
  'db.key': `${planted.byFile}\n`,
  'switchback.yml': `switchback: 1
name: planted
stack: { directory: ., project: ${own.project}, compose: docker-compose.yml, env: .env }
${stores}baseline: { compose: docker/v1.yml, env: docker/.env.v1, services: 1 }
phases:
  - id: change
    checkpoint: { compose: docker/v2.yml, env: docker/.env.v2 }
    ${phase}verify: [{ services: 1 }]
`,
});

/** What is written by Switchback, Temporal's database among it. The sealed contents are the env files themselves, for their owner alone. */
function written(folder: string): [string, string][] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .map((path) => join(folder, path))
    .filter((path) => statSync(path).isFile() && !/\/(content|points)\//.test(path))
    .map((path) => [path, readFileSync(path, 'latin1')]);
}

function leaks(said: string): string[] {
  const places: [string, string][] = [['terminal', said], ...written(cases.world.home)];
  return places.flatMap(([place, text]) =>
    Object.entries(planted)
      .flatMap(([kind, secret]) =>
        [secret, encodeURIComponent(secret), Buffer.from(secret).toString('base64')].map((form) => ({ kind, form })),
      )
      .filter(({ form }) => text.includes(form))
      .map(({ kind }) => `${kind} in ${place}`),
  );
}

/** Types commands, and returns all that they said, with what the worker has written of them. */
async function told(stack: CaseStack, ...commands: string[][]): Promise<{ said: string; codes: number[] }> {
  const answers = [];
  for (const command of commands) answers.push(await stack.type(...command));
  return {
    said: answers.map(({ out, error }) => `${out}\n${error}`).join('\n'),
    codes: answers.map(({ code }) => code),
  };
}

it('[M4] a service that prints all that it was given shows nothing of it', async () => {
  const print = `    command: ["sh", "-c", "echo $$A $$B at $$C with $$D and $$E; cat /run/secrets/key; echo $$A | base64; exit 3"]
    secrets: [key]
    env_file: [service.env]
    environment: { A: "\${PLAIN}", B: "\${DB_PASSWORD}", C: "\${DATABASE_URL}", D: "\${HOOK}", E: "x\${DB_PASSWORD}y" }
`;
  const stack = await cases.stack((own) => files(own, print));
  await stack.compose('up', '--detach', '--wait');
  await stack.type('start');
  await stack.until('awaiting-operator');
  const { said } = await told(stack, ['status'], ['status', '--json'], ['history'], ['plan']);
  expect(said).toContain('***');
  expect(leaks(`so it would be found: ${planted.plain}`)).toContain('plain in terminal');
  expect(leaks(said)).toEqual([]);
  await told(stack, ['rollback', '--reason', 'a test', '--watch']);
  expect(leaks('')).toEqual([]);
});

it('[M4] a broken line of an env file is told by its place alone', async () => {
  const stack = await cases.stack((own) => ({
    ...files(own, '    env_file: service.env\n'),
    'docker/.env.v2': env(`BROKEN="${planted.broken}\n`),
  }));
  await stack.compose('up', '--detach', '--wait');
  const { said, codes } = await told(stack, ['lint'], ['start', '--watch'], ['status']);
  expect(codes.slice(0, 2)).toEqual([3, 3]);
  expect(said).toMatch(/docker\/\.env\.v2:5:1/);
  expect(leaks(said)).toEqual([]);
  // One that no plan names: only Compose reads it.
  stack.write('docker/.env.v2', env(''));
  stack.write('service.env', `A=1\nSERVICE_TOKEN="${planted.brokenElsewhere}\n`);
  const second = await told(stack, ['start', '--watch'], ['status']);
  expect(second.codes[0]).not.toBe(0);
  expect(second.said).toMatch(/service\.env line 2 has a quote that is not closed/);
  expect(leaks(second.said)).toEqual([]);
  rmSync(join(stack.folder, 'switchback.yml'));
  stack.write('docker-compose.yml', stack.read('docker/v2.yml'));
  const third = await told(stack, ['init']);
  expect(third).toMatchObject({ codes: [3], said: expect.stringContaining('service.env line 2') });
  expect(leaks(third.said)).toEqual([]);
});

it('[M4] a plan reads neither files nor variables of the worker that its settings do not name', async () => {
  for (const reference of ['${file:/etc/hostname}', '${file:../../../etc/hostname}', '${env:HOME}']) {
    const stores = `stores: { orders: { kind: postgres, url: 'postgres://me:${reference}@127.0.0.1:1/x' } }\n`;
    const stack = await cases.stack((own) => files(own, '', 'backup: [{ store: orders }]\n    ', stores));
    const { said, codes } = await told(stack, ['start', '--watch']);
    expect([reference, codes]).toEqual([reference, [8]]);
    expect(said).toMatch(/SWITCHBACK_SECRET(S|_FOLDERS)/);
  }
});

it('[M4] what a reference stands for is shown nowhere, also where it cannot be used', async () => {
  const stores = `stores:
  orders: { kind: postgres, url: '\${env:ORDERS_URL}' }
  other: { kind: postgres, url: 'postgres://me:\${file:db.key}@127.0.0.1:1/x' }
`;
  const stack = await cases.stack((own) =>
    files(own, '', 'backup: [{ store: orders }, { store: other }]\n    ', stores),
  );
  await stack.compose('up', '--detach', '--wait');
  const { said } = await told(stack, ['start', '--watch'], ['status'], ['status', '--json']);
  expect(said).toContain('127.0.0.1');
  expect(leaks(said)).toEqual([]);
});

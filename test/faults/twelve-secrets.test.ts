import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readdirSync } from 'node:fs';
import { connect } from 'node:net';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { execa } from 'execa';
import { freePort } from '../../client/local/free-port.ts';
import { labels } from '../../runbook/names.ts';
import { caseStacks, type CaseStack } from '../cases/case-stack.ts';
import { postgresImage } from '../cases/stand-in-image.ts';
import { newAgeKeys, type AgeKeys } from '../real/age-keys.ts';
import { SecretWatch } from '../real/backup/secret-watch.ts';
import { engine } from '../real/compose/stack-fixture.ts';
import { brokenEnv, encryptedStack, plantedStack, secretsOf, type Secrets } from './twelve-secrets.ts';

const cache = process.env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache');
/** `scripts/setup` builds it, where there is Go. */
const s3 = join(cache, 'switchback', 'bin', 'gofakes3');
const workerEnv: Record<string, string> = { SWITCHBACK_SECRETS: 'OTHER_PASSWORD,ADMIN_PASSWORD' };
const cases = caseStacks(workerEnv, 'all');
let age: AgeKeys;
let secrets: Secrets;
let database: string;
let bucket: string;
let server: ChildProcess | undefined;

beforeAll(async () => {
  if (!existsSync(s3)) throw new Error(`${s3} is missing: scripts/setup builds it`);
  age = await newAgeKeys(engine);
  secrets = secretsOf(age);
  database = await postgresImage();
  const port = await freePort();
  server = spawn(s3, ['-host', `127.0.0.1:${port}`, '-backend', 'memory', '-initialbucket', 'planted'], {
    stdio: 'ignore',
  });
  for (let up = false; !up;) up = await answers(port);
  bucket = `s3:http://127.0.0.1:${port}/planted/team`;
  // The worker reads its environment when it starts.
  Object.assign(workerEnv, { OTHER_PASSWORD: secrets['${env:}'] });
  await cases.world.killWorker();
  await cases.world.startWorker();
}, 300_000);
afterAll(() => void server?.kill('SIGKILL'));

async function answers(port: number): Promise<boolean> {
  const socket = connect(port, '127.0.0.1');
  const up = await once(socket, 'connect').then(
    () => true,
    () => false,
  );
  socket.destroy();
  return up;
}

/** Everything that one stack goes through, with all that was typed and said. */
async function lifeOf(stack: CaseStack): Promise<string> {
  const said: string[] = [];
  const type = async (...command: string[]) => {
    const { out, error, code } = await stack.type(...command);
    said.push(`$ ${command.join(' ')}\n${out}\n${error}`);
    return code;
  };
  const psql = (sql: string) =>
    execa('docker', ['exec', '-i', `${stack.project}-db-1`, 'psql', '-qU', 'postgres'], { input: sql });
  await stack.compose('up', '--detach', '--wait');
  await psql(
    `create role keeper superuser login password '${secrets['${env:}']}'; create database other owner keeper;`,
  );
  // Something in the container's own layer, so that it is kept as an image.
  await stack.exec('web', 'sh', '-c', 'echo data > /root/of-the-container');
  await type('plan');
  await type('start');
  await stack.until('awaiting-operator');
  for (const command of ['status', 'history', 'rollback --dry-run', 'backup list', 'break-glass', 'verify'])
    await type(...command.split(' '));
  await type('status', '--json');
  await type('rollback', '--to', 'baseline', '--reason', 'a test');
  await stack.until('rolled-back');
  await type('history', '--markdown');
  stack.write('docker/.env.v3', brokenEnv(secrets));
  for (const command of ['lint', 'plan', 'start']) expect(await type(command)).not.toBe(0);
  return said.join('\n');
}

/** Places that are looked at once all is over. */
async function search(watch: SecretWatch, stacks: readonly CaseStack[], said: string): Promise<number> {
  watch.search('terminal', said);
  // What was sealed is the files themselves, for their owner alone; all else is written to be read.
  const home = cases.world.home;
  let places = 1;
  for (const name of readdirSync(home, { recursive: true, encoding: 'utf8' })) {
    if (/(^|\/)(content|points)(\/|$)/.test(name) || !existsSync(join(home, name))) continue;
    places += await watch.searchFile(join(home, name));
  }
  for (const { project } of stacks) {
    const { stdout } = await execa('docker', ['image', 'ls', '--all', '--format', '{{.Repository}}:{{.Tag}}']);
    for (const name of stdout
      .split('\n')
      .filter((line) => /^switchback-(keep|layer)\//.test(line) && line.includes(project))) {
      const [seen] = JSON.parse((await execa('docker', ['image', 'inspect', name])).stdout) as Record<
        string,
        unknown
      >[];
      // Engines before 25 note how the container was that became the image, with the environment that Compose gave it.
      delete seen!['ContainerConfig'];
      watch.search(`image ${name}`, JSON.stringify(seen));
      watch.search(`history of ${name}`, (await execa('docker', ['history', '--no-trunc', name])).stdout);
      places += 2;
    }
  }
  return places + watch.containers.size + watch.programs.size;
}

it('[M4] twelve secrets of twelve kinds are found nowhere', async () => {
  const planted = await cases.stack((own) => plantedStack(own, secrets, database, bucket));
  const encrypted = await cases.stack((own) => encryptedStack(own, age));
  planted.patienceMs = 5 * 60_000;
  const said: string[] = [];
  const [first, second] = [planted, encrypted].map(
    ({ project }) => new SecretWatch(engine, `${labels.target}=${project}`, Object.values(secrets)),
  ) as [SecretWatch, SecretWatch];
  // One after the other: each looks at all processes a hundred times a second.
  first.start();
  said.push(await lifeOf(planted));
  await first.stop();
  second.start();
  await encrypted.compose('up', '--detach', '--wait');
  for (const command of ['start --watch', 'backup create', 'backup list'])
    said.push(...Object.values(await encrypted.type(...command.split(' '))).map(String));
  await second.stop();
  const watches = [first, second];
  const places = await search(first, [planted, encrypted], said.join('\n'));

  expect(said.join('\n')).toContain('***');
  expect(places).toBeGreaterThan(40);
  const names = Object.fromEntries(Object.entries(secrets).map(([kind, value]) => [value, kind]));
  const found = watches.flatMap(({ seen }) =>
    [...seen].flatMap(([secret, where]) =>
      [...where].filter((place) => !isGiven(place)).map((place) => `${names[secret]} in ${place}`),
    ),
  );
  process.stderr.write(`12 secrets searched for in ${places} places: found ${found.length} times\n`);
  expect(found).toEqual([]);
}, 900_000);

/** The environment that Compose gives its services, and the one in which the operator starts the worker. */
const isGiven = (place: string) =>
  /^environment of \S+ in [0-9a-f]{12}$/.test(place) || place === 'environment of node';

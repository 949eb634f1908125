#!/usr/bin/env node
// Makes a copy of the shop that can be migrated: own ports and subnet, v1 active, a git repository with one commit.
//
//   node copy-to.mjs DIRECTORY [--project NAME] [--set NAME=VALUE]…
//
// Prints the directory, the project, the ports and the subnet as JSON. --set is for variables of docker/.env.v2.
import { execFileSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import net from 'node:net';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

const CHECKPOINT_ENVS = ['docker/.env.v1', 'docker/.env.v2'];
const PROJECT = 'shop';

const { values: options, positionals } = parseArgs({
  allowPositionals: true,
  options: { project: { type: 'string', default: PROJECT }, set: { type: 'string', multiple: true, default: [] } },
});
const { project } = options;
const directory = resolve(positionals[0] ?? fail('usage: copy-to.mjs DIRECTORY [--project NAME] [--set NAME=VALUE]…'));
if (!/^[a-z0-9][a-z0-9_-]*$/.test(project)) fail(`--project: ${project} is not the name of a Compose project`);
if (existsSync(directory) && readdirSync(directory).length > 0) fail(`${directory} is not empty`);

const settings = {
  SHOP_PORT: await freePort(),
  SHOP_DB_PORT: await freePort(),
  SHOP_SUBNET: freeSubnet(),
  // In the files, because Compose is called with an environment of its own.
  ...(process.env.SHOP_IMAGES && { SHOP_IMAGES: process.env.SHOP_IMAGES }),
};

mkdirSync(directory, { recursive: true });
cpSync(fileURLToPath(new URL('.', import.meta.url)), directory, { recursive: true });
for (const file of CHECKPOINT_ENVS) setVariables(join(directory, file), settings);
setVariables(join(directory, 'docker/.env.v2'), Object.fromEntries(options.set.map(variable)));
nameProject(join(directory, 'switchback.yml'));
cpSync(join(directory, 'docker/v1-baseline.yml'), join(directory, 'docker-compose.yml'));
cpSync(join(directory, 'docker/.env.v1'), join(directory, '.env'));

git('init', '--quiet', '--initial-branch=main');
// Forced: a global ignore rule for .env files must not leave the checkpoints out.
git('add', '--all', '--force');
git(
  '-c',
  'user.name=shop',
  '-c',
  'user.email=shop@localhost',
  'commit',
  '--quiet',
  '--no-gpg-sign',
  '--message',
  'Run the shop v1',
);
console.log(
  JSON.stringify({ directory, project, url: `http://127.0.0.1:${settings.SHOP_PORT}`, ...settings }, null, 2),
);

function variable(assignment) {
  const [, name, value] = /^([A-Z_]+)=(.*)$/.exec(assignment) ?? fail(`--set: ${assignment} is not NAME=VALUE`);
  return [name, value];
}

// The plan names the project, and the volume that Docker calls after it.
function nameProject(file) {
  const text = readFileSync(file, 'utf8');
  writeFileSync(
    file,
    text.replace(`project: ${PROJECT},`, `project: ${project},`).replace(`${PROJECT}_db_data`, `${project}_db_data`),
  );
}

function setVariables(file, variables) {
  let text = readFileSync(file, 'utf8');
  for (const [name, value] of Object.entries(variables)) {
    const line = `${name}=${value}`;
    const present = new RegExp(`^${name}=.*$`, 'm');
    text = present.test(text) ? text.replace(present, () => line) : `${text}${line}\n`;
  }
  writeFileSync(file, text);
}

// Below the range that systems take outgoing connections from, so that the port is still free when a container is recreated.
async function freePort() {
  for (let attempt = 0; attempt < 100; attempt++) {
    const port = 20000 + Math.floor(Math.random() * 12000);
    const free = await new Promise((done) => {
      const server = net.createServer().once('error', () => done(false));
      server.listen(port, '127.0.0.1', () => server.close(() => done(true)));
    });
    if (free) return port;
  }
  return fail('found no free port');
}

function freeSubnet() {
  const ids = docker('network', 'ls', '--quiet').split('\n').filter(Boolean);
  const format = '{{range .IPAM.Config}}{{.Subnet}} {{end}}';
  const taken = ids.length > 0 ? docker('network', 'inspect', '--format', format, ...ids).split(/\s+/) : [];
  const ranges = taken.filter((subnet) => subnet.includes('.')).map(range);
  for (let attempt = 0; attempt < 1000; attempt++) {
    const subnet = `10.213.${Math.floor(Math.random() * 256)}.${32 * Math.floor(Math.random() * 8)}/27`;
    const [first, last] = range(subnet);
    if (ranges.every(([from, to]) => last < from || first > to)) return subnet;
  }
  return fail('found no free subnet');
}

function range(subnet) {
  const [address, bits] = subnet.split('/');
  const first = address.split('.').reduce((number, part) => number * 256 + Number(part), 0);
  return [first, first + 2 ** (32 - Number(bits)) - 1];
}

function docker(...words) {
  return execFileSync('docker', words, { encoding: 'utf8', timeout: 30_000 });
}

function git(...words) {
  execFileSync('git', ['-c', 'core.hooksPath=/dev/null', ...words], { cwd: directory, timeout: 30_000 });
}

function fail(problem) {
  console.error(problem);
  process.exit(2);
}

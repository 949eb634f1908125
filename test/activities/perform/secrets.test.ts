import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';

import { requireServedFile } from '../../../activities/perform/secret-file.ts';
import { secretSource } from '../../../activities/perform/secret-settings.ts';
import { requireServed, resolveSecrets, type SecretSource } from '../../../activities/perform/secrets.ts';
import type { CompiledPlan } from '../../../runbook/compiled-plan.ts';

let root: string;
let stack: { directory: string; env: string };
const write = (path: string, text: string) => writeFileSync(join(root, path), text);
const resolveAs = (template: string, source: Partial<SecretSource> = {}) =>
  resolveSecrets(template, stack, { environment: {}, ...source });
const denied = expect.objectContaining({ name: 'AccessDenied' });

beforeEach(() => {
  root = realpathSync(mkdtempSync(join(tmpdir(), 'switchback-secrets-')));
  for (const folder of ['stack/keys', 'keys', 'home/.ssh']) mkdirSync(join(root, folder), { recursive: true });
  stack = { directory: join(root, 'stack'), env: '.env' };
  write('stack/.env', 'DB_PASSWORD=from-the-file\nWORKER_TOKEN=from-the-file\n');
  write('stack/keys/restic', 'in the stack\n');
  write('keys/age', 'beside the stack\n');
  write('home/.ssh/id_rsa', 'PRIVATE\n');
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

describe('files that a plan refers to', () => {
  it('are read in the folder of the stack, and a newline at the end is dropped', async () => {
    expect(await resolveAs('a ${file:keys/restic} b ${file:' + join(root, 'stack/keys/restic') + '}')).toBe(
      'a in the stack b in the stack',
    );
  });

  it('are refused anywhere else, by what they are and by how they are spelled', async () => {
    const elsewhere = join(root, 'home/.ssh/id_rsa');
    symlinkSync(elsewhere, join(root, 'stack/keys/link'));
    symlinkSync(join(root, 'home'), join(root, 'stack/home'));
    symlinkSync(join(root, 'stack/keys/link'), join(root, 'stack/link-to-link'));
    const ways = [elsewhere, '../home/.ssh/id_rsa', 'keys/../../home/.ssh/id_rsa', 'keys/link', 'home/.ssh/id_rsa'];
    for (const way of [...ways, 'link-to-link', '/etc/passwd', '/proc/self/environ', '.', '..'])
      expect([way, await resolveAs(`\${file:${way}}`).catch((error: unknown) => error)]).toEqual([way, denied]);
  });

  it('are refused outside whether they exist or not, and missing inside', async () => {
    await expect(resolveAs(`\${file:${join(root, 'home/none')}}`)).rejects.toEqual(denied);
    await expect(resolveAs('${file:keys/none}')).rejects.toMatchObject({
      name: 'PreconditionFailed',
      message: expect.stringContaining('keys/none'),
    });
  });

  it('are read where the settings of the worker say, and then only there', async () => {
    const source = secretSource({ SWITCHBACK_SECRET_FOLDERS: join(root, 'keys') });
    expect(await resolveAs(`\${file:${join(root, 'keys/age')}}`, source)).toBe('beside the stack');
    await expect(resolveAs('${file:keys/restic}', source)).rejects.toEqual(denied);
    const both = secretSource({ SWITCHBACK_SECRET_FOLDERS: `${join(root, 'keys')}:.` });
    expect(await resolveAs('${file:keys/restic}', both)).toBe('in the stack');
  });

  it('are found in a folder that is named by a link', async () => {
    symlinkSync(join(root, 'keys'), join(root, 'link'));
    const source = secretSource({ SWITCHBACK_SECRET_FOLDERS: join(root, 'link') });
    expect(await resolveAs(`\${file:${join(root, 'link/age')}}`, source)).toBe('beside the stack');
  });

  it('do not hold the worker where they are a pipe, nor where they are large', async () => {
    execFileSync('mkfifo', [join(root, 'stack/pipe')]);
    write('stack/large', 'x'.repeat(300_000));
    for (const path of ['pipe', 'large', 'keys'])
      await expect(resolveAs(`\${file:${path}}`)).rejects.toMatchObject({ name: 'PreconditionFailed' });
  });

  it('may be missing when only their place is looked at', async () => {
    const served = { stack: stack.directory };
    await requireServedFile('file', '/run/secrets/not-there-yet', served);
    await requireServedFile('file', '/etc/switchback/not-there-yet', served);
    await expect(requireServedFile('file', '/run/secretsx', served)).rejects.toEqual(denied);
    await expect(requireServedFile('file', '/run/secrets', served)).rejects.toEqual(denied);
  });
});

describe('variables that a plan refers to', () => {
  it('are those of the active env file, with the values that stand there', async () => {
    const environment = { WORKER_TOKEN: "the worker's own", AWS_SECRET_ACCESS_KEY: "the worker's own" };
    expect(await resolveAs('${env:DB_PASSWORD} ${env:WORKER_TOKEN}', { environment })).toBe(
      'from-the-file from-the-file',
    );
    await expect(resolveAs('${env:AWS_SECRET_ACCESS_KEY}', { environment })).rejects.toMatchObject({
      name: 'AccessDenied',
      hint: expect.stringContaining('SWITCHBACK_SECRETS=AWS_SECRET_ACCESS_KEY'),
    });
  });

  it("are those that the worker's settings name, from its environment first", async () => {
    const source = secretSource({ SWITCHBACK_SECRETS: 'WORKER_*, DB_PASSWORD', WORKER_TOKEN: 'own', OTHER: 'x' });
    expect(await resolveAs('${env:WORKER_TOKEN} ${env:DB_PASSWORD}', source)).toBe('own from-the-file');
    await expect(resolveAs('${env:OTHER}', source)).rejects.toEqual(denied);
    await expect(resolveAs('${env:DB_PASSWORD}', secretSource({ SWITCHBACK_SECRETS: '' }))).rejects.toEqual(denied);
    await expect(resolveAs('${env:WORKER_NONE}', source)).rejects.toMatchObject({ name: 'PreconditionFailed' });
  });

  it('are none where the env file is a link to a file that is not served', async () => {
    symlinkSync('/etc/passwd', join(root, 'stack/linked'));
    stack.env = 'linked';
    await expect(resolveAs('${env:root}')).rejects.toEqual(denied);
  });

  it('are none where there is no env file', async () => {
    stack.env = 'missing';
    await expect(resolveAs('${env:DB_PASSWORD}')).rejects.toEqual(denied);
  });
});

it('a value that looks like a reference is not resolved once more', async () => {
  write('stack/.env', 'A="${env:B}"\nB=never\n');
  expect(await resolveAs('${env:A}')).toBe('${env:B}');
});

describe('a plan', () => {
  const plan = (more: object) => ({ stack, stores: {}, ...more }) as unknown as CompiledPlan;
  const source = { environment: {} };
  it.each([
    ['url of a store', { stores: { a: { kind: 'postgres', url: 'http://x/${file:/etc/shadow}' } } }],
    ['password of a store', { stores: { a: { kind: 'postgres', password: '${env:HOME}' } } }],
    ['password of a repository', { repository: { password: '${file:/etc/shadow}' } }],
    ['environment of a repository', { repository: { password: '', environment: { A: '${env:HOME}' } } }],
    ['identity', { encrypt: { to: [], identity: '${file:../age.key}' } }],
  ])('is refused before anything is done for the %s', async (_what, more) => {
    await expect(requireServed(plan(more), source)).rejects.toEqual(denied);
  });

  it('with references that are served is accepted, also when a file is still to come', async () => {
    const kind = 'postgres';
    const stores = {
      a: { kind, url: '${env:DB_PASSWORD}' },
      b: { kind, password: '${file:/run/secrets/none}' },
    };
    await requireServed(plan({ stores }), source);
  });
});

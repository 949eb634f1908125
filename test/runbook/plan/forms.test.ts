import { describe, expect, it } from '@jest/globals';
import {
  didYouMean,
  findPlainSecret,
  formatDuration,
  formatPath,
  formatSize,
  isSecretKey,
  nearest,
  parseDuration,
  parseSize,
  plainRecipient,
  planSchema,
  recipientProblem,
  tidyPath,
  unknownReferences,
} from '../../../runbook/plan/index.ts';

describe('durations and sizes', () => {
  it.each([
    ['500ms', 0.5],
    ['30s', 30],
    ['1h30m', 5400],
    ['1.5h', 5400],
    ['2d', 172_800],
  ])('%s is %d seconds', (text, seconds) => expect(parseDuration(text)).toBe(seconds));
  it.each(['', '5', '5 m', '-5m', 'm5', '5m x', '٥m', '1e3s'])('"%s" is none', (text) =>
    expect(parseDuration(text)).toBeUndefined(),
  );
  it.each([0.25, 1, 59, 60, 5400, 90_061])('%d survives being written', (seconds) =>
    expect(parseDuration(formatDuration(seconds).replaceAll(' ', ''))).toBe(seconds),
  );
  it('knows binary and decimal sizes', () => {
    expect(parseSize('44GiB')).toBe(44 * 1024 ** 3);
    expect(parseSize('1.5 kB')).toBe(1500);
    expect(parseSize('44gb')).toBeUndefined();
    expect(formatSize(44 * 1024 ** 3)).toBe('44 GiB');
  });
});

describe('public keys', () => {
  const ed25519 = `ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAI${'A'.repeat(43)}`;
  it.each(['age1ql3z7hjy54pw3hyww5ayyfg7zqgvc7w3j2elw8zmrj2kg5sfn9aqmcac8p', ed25519, `${ed25519} me@here`])(
    '%s is one',
    (text) => expect(recipientProblem(text)).toBeUndefined(),
  );
  it.each(['', 'age1', `${ed25519}A`, `${ed25519}\nage1`, ed25519.replace('AAAAC3', 'AAAAC4')])(
    '"%s" is none',
    (text) => expect(recipientProblem(text)).toBeDefined(),
  );
  it('an SSH key is the same one with and without a comment', () => {
    expect(plainRecipient(`${ed25519} me@here`)).toBe(ed25519);
  });
});

describe('secrets', () => {
  it.each([
    'postgres://shop:hunter2@db/shop',
    'redis://:hunter2@cache',
    'postgres://db/shop?password=hunter2',
    '--password=hunter2',
    'PGPASSWORD=hunter2',
    'API_TOKEN=abc',
    "ALTER ROLE shop PASSWORD 'hunter2'",
    'postgres://shop:x${env:PW}@db/shop'.replace('${env:PW}', ''),
  ])('finds the one in %s', (text) => expect(findPlainSecret(text)).toBeDefined());
  it.each([
    'postgres://shop:${env:PW}@db/shop',
    '${env:ORDERS_URL}',
    'http://127.0.0.1:8080/health',
    'http://user@host:80/',
    '--password-file=/run/secrets/x',
    'PGPASSWORD=$PASSWORD',
    'SELECT password FROM users',
    'a:b@c',
  ])('finds none in %s', (text) => expect(findPlainSecret(text)).toBeUndefined());
  it('goes by whole words of a key', () => {
    for (const key of ['password', 'apiToken', 'CLIENT_SECRET', 'api-key', 'dbPasswd'])
      expect(isSecretKey(key)).toBe(true);
    for (const key of ['pass', 'key', 'tokens', 'passes', 'secretary', 'proof']) expect(isSecretKey(key)).toBe(false);
  });
  it('knows references that nobody would fill in', () => {
    expect(unknownReferences('${env:A} ${B} ${file:/x} ${env:1}')).toEqual(['${B}', '${env:1}']);
  });
});

describe('words', () => {
  it('guesses what was meant, and not wildly', () => {
    expect(nearest('chekpoint', ['checkpoint', 'cutover'])).toBe('checkpoint');
    expect(nearest('veirfy', ['verify'])).toBe('verify');
    expect(nearest('banana', ['checkpoint', 'cutover'])).toBeUndefined();
    expect(didYouMean('x', [], 'stores')).toBe('The plan has no stores.');
  });
  it('writes places and paths in one way', () => {
    expect(formatPath(['phases', 0, 'steps', 1, 'file'])).toBe('phases[0].steps[1].file');
    expect(tidyPath('./docker//v1.yml/')).toBe('docker/v1.yml');
    expect(tidyPath('.')).toBe('.');
  });
});

describe('the schema', () => {
  it('fills in what is left out', () => {
    const plan = planSchema.parse({
      switchback: 1,
      name: 'small',
      stack: { project: 'small' },
      baseline: { compose: 'v1.yml' },
      phases: [{ id: 'one', verify: [{ services: 1 }] }],
    });
    expect(plan).toMatchObject({
      stack: { directory: '.', compose: 'docker-compose.yml', switchBy: 'copy', host: 'local' },
      objectives: { detection: 60, decision: 120, execution: 300, verification: 180 },
      proofAge: 86_400,
      phases: [{ risk: 'medium', optional: false, onFailure: 'park', steps: [], backup: [] }],
    });
  });
  it.each(['../x', 'a/../b', '/etc/x', 'C:/x', 'a\\b', 'a\nb', ''])('refuses the path %j', (compose) => {
    const parsed = planSchema.safeParse({
      switchback: 1,
      name: 'x',
      stack: { project: 'x' },
      baseline: { compose },
      phases: [{ id: 'a', verify: [{ services: 1 }] }],
    });
    expect(parsed.success).toBe(false);
  });
  it.each(['a..b', '-a', 'a.lock', 'a b', 'a~1', 'a^', '/a', 'a/', '@{', 'a//b', '.a', 'a.'])(
    'refuses the tag %j',
    (tag) => {
      const parsed = planSchema.safeParse({
        switchback: 1,
        name: 'x',
        stack: { project: 'x' },
        baseline: { compose: 'a', tag },
        phases: [{ id: 'a', verify: [{ services: 1 }] }],
      });
      expect(parsed.success).toBe(false);
    },
  );
});

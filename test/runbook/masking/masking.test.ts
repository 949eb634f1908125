import { describe, expect, it } from '@jest/globals';

import { brokenEnvLine, pairsInEnvText } from '../../../runbook/masking/env-text.ts';
import { maskProse } from '../../../runbook/masking/mask-value.ts';
import { maskerOf } from '../../../runbook/masking/masker.ts';
import { secretsInSql, secretValues } from '../../../runbook/masking/secret-values.ts';
import { randomFrom } from '../random.ts';

const letters = 'abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789';
const anything = `${letters} !"#$%&'()*+,-./:;<=>?@[\\]^_\`{|}~äé€\n\t`;
const text = (random: (limit: number) => number, from: string, length: number) =>
  Array.from({ length }, () => from[random(from.length)]).join('');

/** Ways in which other programs write what they were given. */
const spellings: [string, (secret: string) => string][] = [
  ['as it is', (secret) => secret],
  ['in a URL', encodeURIComponent],
  ['in a form', (secret) => encodeURIComponent(secret).replaceAll('%20', '+')],
  ['in a URL, in lower case', (secret) => encodeURIComponent(secret).replace(/%../g, (code) => code.toLowerCase())],
  ['in base64', (secret) => Buffer.from(secret).toString('base64')],
  ['in base64 after a user', (secret) => Buffer.from(`u:${secret}`).toString('base64')],
  ['in base64 between others', (secret) => Buffer.from(`me:${secret}!x`).toString('base64')],
  ['in base64 for URLs', (secret) => Buffer.from(`${secret}\n`).toString('base64url')],
  ['in JSON', (secret) => JSON.stringify({ a: secret })],
  ['in JSON in JSON', (secret) => JSON.stringify({ a: JSON.stringify({ b: secret }) })],
  ['in hex', (secret) => Buffer.from(secret).toString('hex')],
  ['in SQL', (secret) => `'${secret.replaceAll("'", "''")}'`],
  ['in a shell', (secret) => `'${secret.replaceAll("'", "'\\''")}'`],
];

/** Of a spelling that stands in a text, nothing may be left that is as long as most of the secret. */
const survives = (masked: string, spelled: string, secret: string) =>
  masked.includes(secret) || masked.includes(spelled);

describe('a secret', () => {
  it.each(spellings)('[M4] does not survive %s, in 600 random texts', (_where, spell) => {
    const random = randomFrom(spell.toString().length);
    for (let round = 0; round < 600; round += 1) {
      const secret = text(random, round % 2 ? letters : anything, 8 + random(40)).trim();
      if (secret.length < 8) continue;
      const others = [text(random, letters, 12), secret.slice(2) + text(random, letters, 3)];
      const mask = maskerOf([...others, secret]);
      const spelled = spell(secret);
      const whole = `${text(random, anything, random(30))} ${spelled}${text(random, ' .,;:|', 1)}${text(random, anything, random(30))}`;
      if (survives(mask(whole), spelled, secret))
        throw new Error(`${JSON.stringify(secret)} in ${JSON.stringify(whole)}`);
    }
  });

  it('does not survive where it was cut off', () => {
    const mask = maskerOf(['dbpw-bbb-777-long']);
    expect(mask('unterminated value "dbpw-bbb-777')).toBe('unterminated value "***');
    expect(mask('unterminated value dbpw-bbb-7…')).toBe('unterminated value ***…');
    expect(mask('-bbb-777-long is wrong')).toBe('*** is wrong');
  });

  it('does not survive beside another that overlaps it', () => {
    expect(maskerOf(['abcdef12', 'ef1234gh'])('see abcdef1234gh.')).toBe('see ***.');
    expect(maskerOf(['hunter2', 'hunter22'])('hunter22 hunter2')).toBe('*** ***');
  });

  it('is masked by its form, whoever it belongs to', () => {
    const mask = maskerOf([]);
    expect(mask('postgres://me:pa55@db/x and https://a/b:c@d')).toBe('postgres://me:***@db/x and https://a/b:c@d');
    expect(mask('key AGE-SECRET-KEY-1QQQ.')).toBe('key ***.');
    const key = ['-----BEGIN OPENSSH ', 'PRIVATE KEY-----\nabc\n-----END OPENSSH ', 'PRIVATE KEY-----'].join('');
    expect(mask(`x ${key} y`)).not.toContain('abc');
  });
});

describe('what is secret among the variables of a stack', () => {
  const found = (variables: Record<string, string>, names: string[] = []) => [
    ...secretValues(
      Object.entries(variables).map(([name, value]) => ({ name, value })),
      new Set(names),
    ),
  ];

  it.each([
    ['DB_PASSWORD', 'abcd'],
    ['DBPASS', 'shop'],
    ['CLIENT_SECRET', 'x1y2'],
    ['github_token', 'ghp1'],
    ['S3_ACCESS_KEY_ID', 'AKIA'],
    ['AppCredentials', 'some words'],
    ['SENTRY_DSN', 'https://k@sentry.io/1'],
    ['HOOK', 'hook-ccc-888'],
    ['PLAIN', 'Zq8vT2mL'],
    ['ADMIN', 'correcthorsebattery'],
    ['SLACK_WEBHOOK_URL', 'https://hooks.slack.com/services/T0001/B0002/x9y8z7w6v5u4'],
    ['LICENCE', 'AAAA-1111-BBBB-2222'],
    ['SIGNING_KEY', '/x9Kd+8z=='],
  ])('%s=%s is', (name, value) => {
    expect(found({ [name]: value })).toContain(value);
  });

  it.each([
    ['PIN_TOKEN', '123'],
    ['USE_TOKEN', 'true'],
    ['PASSWORD_FILE', '/run/secrets/db'],
    ['KEYCLOAK_URL', 'http://keycloak:8080'],
    ['KEYCLOAK_IMAGE', 'quay.io/keycloak/keycloak:26.0'],
    ['KEYCLOAK_PORT', '18080'],
    ['TOKEN_TTL', '86400s'],
    ['MODE', 'plain-mode'],
    ['APP_ENV', 'production'],
    ['POSTGRES_USER', 'warehouse_app'],
    ['TZ', 'Europe/Berlin'],
    ['BROKERS', 'kafka-a:9092,kafka-b:9092'],
    ['HOST_NAME_OF_DB', 'db.internal.example'],
    ['IMAGE', 'registry.example.org:5000/shop/api:v1.2.3'],
    ['DATA', '/var/lib/postgresql/data'],
    ['MEMORY', '1073741824'],
    ['SUBNET', '10.213.17.0/28'],
    ['KAFKA_URL', 'http://kafka:9092/healthcheck'],
    ['SHORT', 'abc1234'],
  ])('%s=%s is not', (name, value) => {
    expect(found({ [name]: value })).toEqual([]);
  });

  it('the password of a URL is, and the rest of it stays readable', () => {
    expect(found({ DATABASE_URL: 'postgres://app:p%40ss1@db:5432/orders' })).toEqual(['p%40ss1', 'p@ss1']);
    expect(found({ CONNECTION: 'host=db password=hunter2 dbname=shop' })).toContain('hunter2');
    expect(found({ GOOGLE: '{"type":"x","private_key":"abc123"}' })).toContain('abc123');
  });

  it('a name that everybody reads is not, whatever else has it as its value', () => {
    expect(found({ DB_PASSWORD: 'warehouse', OTHER: 'shop_worker1' }, ['warehouse', 'shop_worker1'])).toEqual([]);
  });
});

it('ordinary text is not destroyed by the variables of an ordinary stack', () => {
  const env = pairsInEnvText(`
COMPOSE_PROJECT_NAME=shop
POSTGRES_USER=postgres
POSTGRES_PASSWORD=test
POSTGRES_DB=warehouse
LOG_LEVEL=information
IMAGE_TAG=v2.3.1
API_PORT=18080
KAFKA=kafka:9092
RESTART=unless-stopped
`);
  const said = [
    'service api: container shop-api-1 is unhealthy (exit code 1); it said: connect ECONNREFUSED kafka:9092',
    'the latest recovery point 20261201-000000-abcd/db was restore-tested 3 minutes ago: 4,040 rows of warehouse',
    'docker compose up exited with 1: Bind for 127.0.0.1:18080 failed: port is already allocated',
    'image shop/api:v2.3.1 is not on this host; restart: unless-stopped; log level information',
  ];
  const mask = maskerOf(secretValues(env, new Set(['shop', 'kafka', 'postgres'])));
  expect(said.map(mask)).toEqual(said);
});

it('a record keeps what is executed and looked up, and loses secrets in what is told', () => {
  const record = {
    type: 'receipt',
    operation: { input: { statement: 'select hunter22 from x' } },
    receipt: {
      summary: 'hunter22',
      undo: { by: 'hunter22 x' },
      facts: { volume: 'hunter22', said: ['hunter22'], why: 'it is hunter22' },
    },
  };
  expect(maskProse(record, maskerOf(['hunter22']))).toEqual({
    ...record,
    receipt: {
      summary: '***',
      undo: { by: 'hunter22 x' },
      facts: { volume: 'hunter22', said: ['***'], why: 'it is ***' },
    },
  });
});

describe('an env file', () => {
  it('gives all that its values could be, also where it is broken', () => {
    const values = pairsInEnvText(
      'A="b c" # d\nexport B=\'x\nDB_PASSWORD="dbpw-bbb-777\nC: y\nnonsense-line-9\nM="one\ntwo"\n',
    ).map(({ value }) => value);
    expect(values).toEqual(expect.arrayContaining(['b c', 'x', 'dbpw-bbb-777', 'y', 'nonsense-line-9', 'one\ntwo']));
  });

  it.each([
    ['A=1\nB="x\n', 2, 'a quote that is not closed'],
    ["A=1\n\n# c\nB='x\nC=2\n", 4, 'a quote that is not closed'],
    ['A!=1\n', 1, 'a character that no variable has in its name'],
    ['A B=1\n', 1, 'a variable with a space in its name'],
    ['A=1\n=2\n', 2, 'a value without a name'],
  ])('%j is broken', (broken, line, problem) => {
    expect(brokenEnvLine(broken)).toMatchObject({ line, problem });
  });

  it.each([
    '',
    'A=1',
    'export A=1\n',
    'A="x\ny"\nB=2\n',
    "A=it's\n",
    'A: x\n',
    'A="a \\" b"\n',
    'A\nB=1\n',
    '# "\n',
    'A.b-c=1\r\n',
    "A='x' # don't\n",
  ])('%j is not', (fine) => {
    expect(brokenEnvLine(fine)).toBeUndefined();
  });
});

it('passwords in SQL are known by their place, and odd literals by their form', () => {
  const sql =
    "create role a password 'it''s me'; insert into t values ('key', 'Zq8v-T2mL-1'), ('completed', 'two words 1')";
  expect(secretsInSql(sql)).toEqual(["it''s me", "it's me", 'Zq8v-T2mL-1', 'Zq8v-T2mL-1']);
});

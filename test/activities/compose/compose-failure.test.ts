import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from '@jest/globals';

import { parseEvent } from '../../../activities/compose/compose-event.ts';
import { composeFailure } from '../../../activities/compose/compose-failure.ts';
import type { ComposeModel } from '../../../activities/compose/index.ts';
import { envFileFailure, learnFromModel, masked, maskingFor } from '../../../activities/masking/index.ts';

describe('what Compose says on its way out', () => {
  it.each([
    [
      'Conflict',
      ' Container web-1  Creating\nError response from daemon: Conflict. The container name "/shop-web" is already in use by container "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef". You have to remove (or rename) that container to be able to reuse that name.',
      /the container name shop-web is taken by container 0123456789ab/,
    ],
    [
      'Conflict',
      'Error response from daemon: driver failed: Bind for 127.0.0.1:80 failed: port is already allocated',
      /port is already allocated/,
    ],
    ['PreconditionFailed', 'Error: No such image: shop/api:v9', /No such image/],
    ['ResourceExhausted', 'write /x: no space left on device', /no space left/],
    [
      'Unreachable',
      'Cannot connect to the Docker daemon at unix:///x. Is the docker daemon running?',
      /Cannot connect/,
    ],
    ['StepFailed', 'dependency failed to start: container db-1 is unhealthy', /db-1 is unhealthy/],
  ])('%s', (name, stderr, message) => {
    expect(composeFailure('up', 1, stderr)).toMatchObject({ name, message: expect.stringMatching(message) });
  });

  it('of a file it does not understand is a mistake of the plan', () => {
    expect(composeFailure('config', 15, 'services.web.image must be a string')).toMatchObject({ name: 'PlanInvalid' });
  });
});

it.each([
  [' Container shop-web-1  Recreate', { object: 'Container', name: 'shop-web-1', status: 'Recreate' }],
  [' Volume "shop_data"  Creating', { object: 'Volume', name: 'shop_data', status: 'Creating' }],
  [' Container web  Error while Stopping', { object: 'Container', name: 'web', status: 'Error' }],
  ['time="2026-01-01" level=warning msg="x"', undefined],
  ['dependency failed to start: container db-1 is unhealthy', undefined],
])('reads %s', (line, event) => {
  expect(parseEvent(line)).toEqual(event);
});

describe('secrets in what others wrote', () => {
  const model = {
    name: 'shop',
    services: {
      api: {
        environment: { DB_PASSWORD: 'hunter2', DB_PASSWORD_OLD: 'hunter22', PIN_TOKEN: '123', MODE: 'plain-mode' },
      },
    },
    ...{ volumes: {}, networks: {}, secrets: {}, configs: {} },
  } as unknown as ComposeModel;

  it('are masked by value and in URLs; what is no secret stays', async () => {
    const text = 'hunter22 hunter2 123 plain-mode postgres://shop:pa55@db/x https://host/a:b@c';
    await maskingFor('masked-model', async () => {
      await learnFromModel(model);
      expect(masked(text)).toBe('*** *** 123 plain-mode postgres://shop:***@db/x https://host/a:b@c');
    });
  });
});

describe('an env file that Compose cannot read', () => {
  const folder = mkdtempSync(join(tmpdir(), 'switchback-env-'));
  const envFile = join(folder, '.env.v2');
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  it.each([
    [
      'A=1\nDB_PASSWORD="dbpw-bbb-777\n',
      `line 2: unterminated quoted value "dbpw-bbb-777`,
      '.env.v2 line 2 has a quote that is not closed',
    ],
    [
      'A=1\n\nDB!PASSWORD=dbpw-bbb-777\n',
      `line 3: unexpected character "!" in variable name near "DB!PASSWORD=dbpw-bbb-777\\n"`,
      '.env.v2 line 3 has a character that no variable has in its name',
    ],
    [
      'A=1\n',
      `failed to read ${envFile}: line 9: dbpw-bbb-777`,
      '.env.v2 line 9 has something that Compose cannot read',
    ],
  ])('is told by its name and line alone: %j', async (text, stderr, message) => {
    writeFileSync(envFile, text);
    const error = await envFileFailure(stderr, { directory: folder, files: [], envFile });
    expect(error).toMatchObject({ name: 'PlanInvalid', message });
    expect(JSON.stringify(error)).not.toContain('dbpw');
  });

  it('is found among those of services, which Compose does not name', async () => {
    writeFileSync(envFile, 'A=1\n');
    writeFileSync(join(folder, 'service.env'), 'A=1\nT="dbpw-bbb-777\n');
    writeFileSync(join(folder, 'c.yml'), 'services:\n  a:\n    image: x\n    env_file:\n      - path: ./service.env\n');
    const project = { directory: folder, files: [join(folder, 'c.yml')], envFile };
    expect(await envFileFailure('line 3: unterminated quoted value "dbpw-bbb-777', project)).toMatchObject({
      message: 'service.env line 2 has a quote that is not closed',
    });
  });

  it('is not blamed for what the Compose file says', async () => {
    writeFileSync(envFile, 'A=1\n');
    expect(
      await envFileFailure('services.web.image must be a string', { directory: folder, files: [], envFile }),
    ).toBeUndefined();
  });
});

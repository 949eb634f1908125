import { describe, expect, it } from '@jest/globals';

import { parseEvent } from '../../../activities/compose/compose-event.ts';
import { composeFailure } from '../../../activities/compose/compose-failure.ts';
import { maskSecrets, secretValues } from '../../../activities/compose/index.ts';
import type { ComposeModel } from '../../../activities/compose/index.ts';

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
    services: {
      api: {
        environment: { DB_PASSWORD: 'hunter2', DB_PASSWORD_OLD: 'hunter22', PIN_TOKEN: '123', MODE: 'plain-mode' },
      },
    },
  } as unknown as ComposeModel;

  it('are masked by value and in URLs; what is no secret stays', () => {
    const text = 'hunter22 hunter2 123 plain-mode postgres://shop:pa55@db/x https://host/a:b@c';
    expect(maskSecrets(text, secretValues(model))).toBe(
      '*** *** 123 plain-mode postgres://shop:***@db/x https://host/a:b@c',
    );
  });
});

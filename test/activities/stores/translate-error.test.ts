import { expect, it } from '@jest/globals';

import { postgresError } from '../../../activities/stores/postgres/translate-error.ts';

it('says of what is there already that an earlier run may have left it', () => {
  const refused = (code: string) => postgresError('store db', Object.assign(new Error('no'), { code }));
  expect(refused('42701')).toMatchObject({ name: 'StepFailed', hint: expect.stringContaining('if not exists') });
  expect(refused('42703')).toMatchObject({ name: 'StepFailed', hint: expect.stringContaining('nothing of it stays') });
});

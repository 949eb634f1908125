export { afterAll, afterEach, beforeAll, beforeEach, describe, it, test } from 'jest-circus';
import { jestExpect } from '@jest/expect';
import { ModuleMocker } from 'jest-mock';

// What '@jest/globals' gives to a test file, for the runner beside this file.

export const expect = jestExpect;
const mocker = new ModuleMocker(globalThis);
export const jest = { fn: mocker.fn.bind(mocker), spyOn: mocker.spyOn.bind(mocker) };

import { afterAll, beforeAll } from '@jest/globals';
import { fingerprint } from './invariants.ts';
import { ChaosStage } from './stage.ts';

/** Images are copied into a daemon of the suite's own. */
const longest = 10 * 60_000;

/** What a suite works with. */
export interface Suite {
  stage: ChaosStage;
  /** The fingerprint of the stack as it was in the beginning, which every rollback has to bring back. */
  before: Record<string, string>;
}

/** Sets a stage up before the suite, with customers who order, and clears it away afterwards. @returns filled by then */
export function chaosSuite(): Suite {
  const suite = {} as Suite;
  beforeAll(async () => {
    suite.stage = await ChaosStage.start();
    suite.before = await fingerprint(suite.stage);
    suite.stage.customers.begin();
  }, longest);
  // Undefined where the set-up has failed.
  afterAll(() => (suite as Partial<Suite>).stage?.stop(), 120_000);
  return suite;
}

import type { Check, CheckResult } from '../../runbook/checks.ts';
import type { ComposeCli } from '../compose/index.ts';
import type { DockerEngine } from '../docker/index.ts';
import type { EffectContext } from '../effect.ts';
import type { Surroundings } from '../perform/effect-context.ts';
import type { StoreDrivers } from '../stores/registry.ts';
import type { OpenRunDependencies } from './open-run.ts';

export interface ControlDependencies extends OpenRunDependencies {
  /** Takes one sample of each check. */
  check(checks: Check[], context: EffectContext): Promise<CheckResult[]>;
  /** What is looked at for leftovers. */
  world: { engine: DockerEngine; stores: StoreDrivers; compose?: ComposeCli };
  inActivity<T>(work: (surroundings: Surroundings) => Promise<T>): Promise<T>;
}

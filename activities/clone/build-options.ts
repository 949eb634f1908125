import type { CompiledPhase } from '../../runbook/compiled-plan.ts';
import type { ComposeCli } from '../compose/index.ts';
import type { DockerEngine } from '../docker/index.ts';
import type { EffectContext, TargetHome } from '../effect.ts';
import type { StoreDrivers } from '../stores/registry.ts';

/** The original, as one attempt of a rehearsal sees it. It is only ever read. */
export type Original = Omit<EffectContext, 'operation'> & {
  operation: Pick<EffectContext['operation'], 'id' | 'timeoutSeconds' | 'summary'>;
};

export interface BuildOptions {
  world: { engine: DockerEngine; compose: ComposeCli; stores: StoreDrivers };
  original: Original;
  /** Files of the plan as they were sealed; absent where the stack's own are meant. */
  sealed?: (path: string) => Promise<Buffer>;
  /** The clone's target. */
  clone: string;
  home: TargetHome;
  keep(bytes: Buffer): Promise<string>;
  /** Phases that are rehearsed, with those before them that have not run. */
  phases: readonly CompiledPhase[];
}

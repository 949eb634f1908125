import type { CompiledPlan } from './compiled-plan.ts';

/** What a plan says of data that must be restorable: part of a run's status. */
export interface Recovery {
  /** As in effects: `volume:NAME`, `store:NAME`; what a phase backs up or the plan protects. */
  resources: string[];
  /** How long the proof of a recovery point counts, in seconds. */
  proofAgeSeconds: number;
}

export function recoveryOf({ phases, protect, proofAgeSeconds }: CompiledPlan): Recovery {
  const backedUp = phases.flatMap(({ stages }) =>
    stages.flatMap(({ operations }) =>
      operations.flatMap((operation) =>
        operation.kind === 'backupVolume'
          ? [`volume:${operation.input.volume}`]
          : operation.kind === 'backupStore'
            ? [`store:${operation.input.store}`]
            : [],
      ),
    ),
  );
  const guarded = protect.flatMap((entry) =>
    'volume' in entry ? [`volume:${entry.volume}`] : 'store' in entry ? [`store:${entry.store}`] : [],
  );
  return { resources: [...new Set([...backedUp, ...guarded])], proofAgeSeconds };
}

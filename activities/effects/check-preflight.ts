import type { EffectContext, EffectHandler } from '../effect.ts';
import { lookAtAll, refuseUnlessAllHold } from '../preflight/index.ts';
import type { CheckpointSight, Surroundings } from '../preflight/index.ts';
import { withStore } from '../stores/registry.ts';
import { helperJob, surveyVolume } from '../volumes/index.ts';
import type { VolumeSurvey } from '../volumes/index.ts';
import { clearScratch } from './clear-scratch.ts';
import { helperOwner } from './helper-owner.ts';
import { markData } from './watch-data.ts';
import { instrumentsOf, type CheckDependencies } from './instruments.ts';

export type PreflightDependencies = CheckDependencies & { checkpoints: CheckpointSight };

/** Looks at everything that must hold before a phase begins, and says all that does not at once. It changes nothing. */
export function checkPreflightHandler(deps: PreflightDependencies): EffectHandler<'checkPreflight'> {
  return {
    prepare: async () => ({ undo: { by: 'nothing', summary: 'it only looks' }, facts: {} }),
    observe: async () => 'absent',
    async perform(input, context) {
      const { checks } = input;
      const looked = await lookAtAll(checks, surroundingsOf(deps, context), (done) =>
        context.progress({ doing: `looking: ${checks[done]!.check}`, done, total: checks.length, unit: 'checks' }),
      ).finally(() => clearScratch(context));
      refuseUnlessAllHold(looked);
      const data = await markData(deps, context);
      return {
        summary: `all ${looked.length} conditions hold`,
        facts: {
          ...(data === undefined ? {} : { mark: data }),
          conditions: looked.slice(0, 60).map(({ check, detail }) => ({ check, detail: detail.slice(0, 200) })),
        },
        effect: { conditions: looked.map(({ check }) => check) },
      };
    },
  };
}

function surroundingsOf(deps: PreflightDependencies, context: EffectContext): Surroundings {
  const surveys = new Map<string, Promise<VolumeSurvey>>();
  const survey = async (volume: string) => {
    const job = await helperJob(deps.engine, helperOwner(context), context.operation.timeoutSeconds * 1000);
    return surveyVolume(job, volume);
  };
  return {
    context,
    engine: deps.engine,
    checkpoints: deps.checkpoints,
    instruments: instrumentsOf(deps, context),
    withStore: (store, work) => withStore(deps.stores, context, store, [], work),
    survey: (volume) => {
      const known = surveys.get(volume) ?? survey(volume);
      surveys.set(volume, known);
      return known;
    },
  };
}

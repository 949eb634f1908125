import type { OperationDraft } from '../steps/index.ts';
import type { PlacedPhase } from './context.ts';

/** The end of a phase: measured, tagged, recorded. */
export function completeDrafts({ phase }: PlacedPhase): OperationDraft[] {
  const title = phase.title ?? phase.id;
  const measure: OperationDraft<'measureResources'> = {
    kind: 'measureResources',
    summary: `measure what ${phase.id} uses`,
    input: { phase: phase.id },
    effects: [{ resource: 'file:.switchback/records', change: 'create' }],
    undo: { by: 'nothing', summary: 'the measurement stays in the records' },
    timeoutSeconds: 180,
  };
  const tag: OperationDraft<'tagCheckpoint'>[] =
    phase.tag === undefined
      ? []
      : [
          {
            kind: 'tagCheckpoint',
            summary: `tag the commit as ${phase.tag}`,
            input: { tag: phase.tag, message: `${title}: completed`, push: false },
            effects: [{ resource: `tag:${phase.tag}`, change: 'create' }],
            undo: {
              by: 'operation',
              kind: 'removeTag',
              summary: `take the tag ${phase.tag} back, so that the phase can be completed again`,
              lossy: false,
              // Which object it is, is known when it is made.
              input: { tag: phase.tag, object: '', pushed: false },
              effects: [{ resource: `tag:${phase.tag}`, change: 'remove' }],
            },
            timeoutSeconds: 120,
          },
        ];
  const record: OperationDraft<'recordPhase'> = {
    kind: 'recordPhase',
    summary: `record ${phase.id} as complete`,
    input: { phase: phase.id, title },
    effects: [{ resource: 'file:.switchback/records', change: 'create' }],
    undo: { by: 'nothing', summary: 'what happened stays in the records' },
    timeoutSeconds: 120,
  };
  return [measure, ...tag, record];
}

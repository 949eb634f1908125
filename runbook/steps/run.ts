import { z } from 'zod';
import type { Undo } from '../operations.ts';
import { argv, serviceName } from '../plan/name.ts';
import { unknownService } from './service.ts';
import { defineStep, stepOptions, summaryLine, type OperationDraft, type StepContext } from './step-kind.ts';

const schema = z.strictObject({
  run: argv,
  service: serviceName.describe(
    'The service whose image, environment and networks the command gets, in a container of its own.',
  ),
  undo: z
    .union([argv, z.literal('keep')])
    .exactOptional()
    .describe('The command that takes it back, or keep: what it did stays, on purpose.'),
  ...stepOptions,
});

/** `run`: a command in a one-shot container of a service's image [M6]. */
export const runStep = defineStep({
  key: 'run',
  schema,
  files: () => [],

  validate(step, context) {
    return unknownService(step.service, context.active, [...context.path, 'service']);
  },

  expand(step, context) {
    const timeoutSeconds = step.timeout ?? 600;
    const effects = [{ resource: `service:${step.service}`, change: 'read' as const }];
    const draft: OperationDraft<'runContainer'> = {
      kind: 'runContainer',
      summary: summaryLine(step.title ?? runStep.describe(step)),
      input: { service: step.service, argv: step.run, timeoutSeconds },
      effects: [...effects, ...storesInReach(step.service, context)],
      undo: undoFor(step, timeoutSeconds),
      // The container's own limit comes first; this one is for what surrounds it.
      timeoutSeconds: timeoutSeconds + 60,
    };
    return [draft];
  },

  describe: (step) => `run ${step.run.join(' ')} in ${step.service}`,
});

/** Stores that the command could write to with what the container knows: said, since it cannot be prevented. */
function storesInReach(service: string, { stores, active }: StepContext) {
  const services = active.facts?.services ?? {};
  const credentials = Object.hasOwn(services, service) && services[service]?.credentials === true;
  return Object.entries(stores)
    .filter(([, store]) => credentials || store.service === service)
    .map(([name]) => ({ resource: `store:${name}`, change: 'update' as const }));
}

function undoFor(step: z.output<typeof schema>, timeoutSeconds: number): Undo {
  if (step.undo === 'keep') return { by: 'keeping', summary: 'what the command did stays: the plan says so' };
  if (step.undo === undefined) {
    return {
      by: 'impossible',
      summary: summaryLine(`${runStep.describe(step)} cannot be taken back`),
      cause: 'what a command does is not known, and the plan has no `undo` for it',
    };
  }
  return {
    by: 'operation',
    kind: 'runContainer',
    summary: summaryLine(`run ${step.undo.join(' ')} in ${step.service}`),
    lossy: false,
    input: { service: step.service, argv: step.undo, timeoutSeconds },
    effects: [{ resource: `service:${step.service}`, change: 'read' }],
  };
}

import { SwitchbackError } from '../../runbook/errors.ts';
import { labels } from '../../runbook/names.ts';
import type { OperationInputs, Undo } from '../../runbook/operations.ts';
import { loadActive, type CheckpointDependencies } from '../checkpoint/index.ts';
import { imageOf } from '../compose/index.ts';
import type { EffectContext, EffectHandler, Observation, Performed, Prepared } from '../effect.ts';
import { commandContainer, goesOn, imageIdOf, runInService, type ServiceRun } from '../run-container/index.ts';

type Input = OperationInputs['runContainer'];
type Context = EffectContext<'runContainer'>;
type Facts = { image: string; imageId: string };

const role = 'run';

/**
 * Runs a command once in a container of a service's image. It is never run twice: an earlier attempt's container is adopted, running or
 * ended, and a failure is forgotten only after it was reported. @throws SwitchbackError `StepFailed` (it exited with another code than 0,
 * or took too long), `PreconditionFailed`, `Conflict`
 */
export function runContainerHandler(deps: CheckpointDependencies): EffectHandler<'runContainer', Facts> {
  const { engine } = deps;
  return {
    async prepare(input, context) {
      await sweepSettled(deps, context);
      const loaded = await loadActive(deps, context);
      const facts: Facts = { image: imageOf(loaded.model, input.service), imageId: imageIdOf(loaded, input.service) };
      return { undo: undoOf(context), facts };
    },

    async observe(_input, context) {
      const { name, labels: own } = commandContainer(context, role);
      const found = await engine.inspectContainer(name, { signal: context.signal });
      if (!found || !Object.entries(own).every(([label, value]) => found.Config.Labels[label] === value))
        return withoutContainer(context, name);
      if (found.State.Running || found.State.Status === 'created') return 'partial';
      // A failure that was reported is over: a person has said retry.
      return (await context.identityOf(reportOf(name))) === found.Id ? 'absent' : 'done';
    },

    // A command that failed half-way has done its half: only one whose container never started has done nothing.
    async untouched(_input, context) {
      const { name } = commandContainer(context, role);
      if ((await context.identityOf(reportOf(name))) !== undefined) return false;
      const found = await engine.inspectContainer(name, { signal: context.signal });
      if (found) return found.State.Status === 'created';
      return !(await hasBegun(context, name));
    },

    async perform(input, context, prepared) {
      const { name, labels: own } = commandContainer(context, role);
      const found = await engine.inspectContainer(name, { signal: context.signal });
      if (found && (await context.identityOf(reportOf(name))) === found.Id) {
        await engine.removeContainer(name, own, { signal: context.signal });
      }
      await context.fence();
      // From here on a container that is not there is no proof that the command never ran: somebody may have removed it.
      if (!(await hasBegun(context, name))) await context.bindIdentity(beginningOf(name), new Date().toISOString());
      try {
        return await run(deps, input, context, prepared);
      } catch (error) {
        if (!context.signal.aborted && !(await engine.inspectContainer(name, { signal: context.signal })))
          await context.bindIdentity(beginningOf(name), neverMade);
        throw error;
      }
    },

    adopt: (input, context, prepared) => run(deps, input, context, prepared),

    async settle(_input, context) {
      const { name, labels: own } = commandContainer(context, role);
      await engine.removeContainer(name, own, { signal: context.signal });
    },
  };
}

/** The journal's note of the container whose failure was told. */
const reportOf = (name: string) => `failure:${name}`;

/** The journal's note that the container of a command was about to be made. */
const beginningOf = (name: string) => `begun:${name}`;
const neverMade = 'never made';

async function hasBegun(context: Context, name: string): Promise<boolean> {
  return ((await context.identityOf(beginningOf(name))) ?? neverMade) !== neverMade;
}

/** What is known of a command whose container is not there. A person who says retry after "unknown" has decided that it may run. */
async function withoutContainer(context: Context, name: string): Promise<Observation> {
  if (!(await hasBegun(context, name)) || (await context.identityOf(reportOf(name))) !== undefined) return 'absent';
  await context.bindIdentity(reportOf(name), 'its container is gone');
  return 'unknown';
}

async function run(
  deps: CheckpointDependencies,
  input: Input,
  context: Context,
  prepared: Prepared<Facts>,
): Promise<Performed> {
  const { imageId } = prepared.facts;
  const began = performance.now();
  const ran = await runInService(deps, context, input, {
    role,
    imageId,
    signal: context.signal,
    // The receipt comes first: without it, a crash would lose the exit code, and with that run the command again.
    keep: true,
    onAbort: (reason) => (goesOn(reason) ? 'leave' : 'kill'),
    onTick: (runningMs) =>
      context.progress({ doing: `${input.argv[0]} in ${input.service} for ${Math.round(runningMs / 1000)} s` }),
  });
  const { result } = ran;
  if (result.timedOut || result.exitCode !== 0) await fail(deps, input, context, ran);
  const took = ((performance.now() - began) / 1000).toFixed(1);
  return {
    summary: `${input.argv.join(' ').slice(0, 120)} in ${input.service} exited with 0 ${result.adopted ? '(adopted)' : `in ${took} s`}`,
    facts: {
      service: input.service,
      argv: input.argv,
      exitCode: result.exitCode,
      adopted: result.adopted,
      image: `${ran.image} ${imageId.slice(0, 19)}`,
      leftOut: ran.leftOut,
      log: printable(result.log),
    },
    effect: { service: input.service, argv: input.argv, imageId, exitCode: result.exitCode },
  };
}

async function fail(
  deps: CheckpointDependencies,
  input: Input,
  context: Context,
  { result }: ServiceRun,
): Promise<never> {
  const { name } = commandContainer(context, role);
  const found = await deps.engine.inspectContainer(name, { signal: context.signal });
  if (found) await context.bindIdentity(reportOf(name), found.Id);
  const how = result.timedOut
    ? `ran longer than ${input.timeoutSeconds} s and was killed`
    : result.oomKilled
      ? 'ran out of memory'
      : `exited with ${result.exitCode}`;
  const said = printable(result.log).trim().split('\n').slice(-5).join(' | ').slice(-600);
  throw new SwitchbackError(
    'StepFailed',
    `${input.argv.join(' ').slice(0, 120)} in ${input.service} ${how}${said === '' ? '' : `; it said: ${said}`}`,
    {
      hint: `Its container is kept: \`docker logs ${name}\`. A retry runs the command anew.`,
      facts: { service: input.service, container: name, exitCode: result.exitCode, timedOut: result.timedOut },
    },
  );
}

/** Terminal control characters make JSON six times as long, and a receipt is read by people. */
function printable(log: string): string {
  return log.replaceAll(/\u001b\[[0-9;?]*[A-Za-z]/g, '').replaceAll(/[\u0000-\u0008\u000b-\u001f\u007f]/g, '');
}

function undoOf(context: Context): Undo {
  return context.operation.undo;
}

/** Containers of commands whose receipts are written: nobody needs their exit codes any more. */
async function sweepSettled(deps: CheckpointDependencies, context: Context): Promise<void> {
  const { signal } = context;
  const mine = { [labels.target]: context.target, [labels.run]: context.runId, [labels.role]: role };
  for (const container of await deps.engine.listByLabel(mine, { signal })) {
    const operation = container.Labels[labels.operation];
    if (container.State !== 'exited' || operation === undefined || !(await context.factsOf(operation))) continue;
    await deps.engine.removeContainer(container.Id, mine, { signal });
  }
}

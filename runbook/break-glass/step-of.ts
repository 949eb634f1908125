import { SwitchbackError } from '../errors.ts';
import { canonicalJson } from '../json.ts';
import type { Operation } from '../operations.ts';
import { activeTarget, digestOf, fileWords } from './contents.ts';
import { checksStep } from './checks-step.ts';
import type { BreakGlassInput } from './input.ts';
import { protectedNow } from './protected-tables.ts';
import { quote, words } from './quote.ts';
import { restoreByHand } from './restore-by-hand.ts';
import { byHand, type Step } from './step.ts';
import { storeAddress, urlVariable } from './store-address.ts';

type Of<K extends Operation['kind']> = Extract<Operation, { kind: K }>;

/** The step of a script for one operation of a rollback. What a shell cannot do safely becomes a step for a person, with its reason. */
export function stepOf(operation: Operation, whole: BreakGlassInput): Step {
  const { id, summary, undoes } = operation;
  const input = inputFor(operation, whole);
  // A script works on one stack: what another plan keeps elsewhere, a person takes back there.
  if (ofStack.includes(operation.kind) && canonicalJson(input.plan.stack) !== canonicalJson(whole.plan.stack)) {
    return byHand(id, summary, {
      why: `it belongs to plan ${input.plan.name}, whose stack has other files than this script works on`,
      commands: [`${composeCommand(input)} ps`],
    });
  }
  switch (operation.kind) {
    case 'applyCheckpoint':
      return { kind: 'checkpoint', title: summary, operation: id, set: checkpoint(operation, input) };
    case 'switchImage':
      return switchImage(operation, input);
    case 'putFilesBack':
      return { kind: 'files', title: summary, operation: id, set: { files: fileWords(operation.input, input) } };
    case 'applySql':
      return sql(operation, input);
    case 'removeTag':
      return removeTag(operation, input);
    case 'runChecks':
      return undoes === undefined ? checksStep(operation) : asked(operation, whole);
    case 'runContainer':
      return byHand(id, summary, {
        why: 'a command must not run twice, and a shell that was killed cannot tell whether it did',
        commands: [
          `${composeCommand(input)} run --rm --no-deps --no-TTY ${words([operation.input.service, ...operation.input.argv])}`,
        ],
      });
    case 'stopUsers':
      return byHand(id, summary, {
        why: 'only a person can say which of them writes, and which of them serves the data',
        commands: [
          ...operation.input.volumes.map((volume) => `docker ps --filter ${quote(`volume=${volume}`)}`),
          `${composeCommand(input)} ps`,
          `${composeCommand(input)} stop SERVICE`,
        ],
      });
    case 'startUsers':
      return byHand(id, summary, {
        why: 'what was stopped by hand is started by hand',
        commands: [`${composeCommand(input)} start`],
      });
    case 'restoreStore':
    case 'restoreVolume':
      return restoreByHand(operation, input);
    default:
      return byHand(id, summary, {
        why: `${operation.kind} is no way back that a shell knows`,
        commands: [`switchback history --target ${quote(input.target)}`],
      });
  }
}

const ofStack: readonly Operation['kind'][] = ['applyCheckpoint', 'switchImage', 'putFilesBack'];

/** What a step is made from: the plan and the files of the run whose work it takes back. */
function inputFor({ of }: Operation, input: BreakGlassInput): BreakGlassInput {
  const own = of === undefined ? undefined : input.sealedOf?.(of);
  return own ? { ...input, plan: own.plan, sealed: own.files } : input;
}

/** Whether something took effect that cannot be taken back, only a person can see. */
function asked({ id, summary, undoes = [] }: Of<'runChecks'>, { state, target }: BreakGlassInput): Step {
  const { undo } = state.operations.get(undoes[0] ?? '') ?? {};
  const cause = undo?.by === 'impossible' ? undo.cause : 'it cannot be taken back';
  return byHand(id, summary, {
    why: `look whether it did; where it did, there is no way back past it: ${cause}`,
    commands: [`switchback history --target ${quote(target)}`],
  });
}

function checkpoint(operation: Of<'applyCheckpoint'>, input: BreakGlassInput): Step['set'] {
  const { compose, env, images = {}, layers = {}, start = [], recreate = [], checkpoint: label } = operation.input;
  const { stack } = input.plan;
  const ofCompose = activeTarget(compose, stack.compose, input);
  const ofEnv = env === undefined || stack.env === undefined ? undefined : activeTarget(env, stack.env, input);
  return {
    label,
    compose_to: ofCompose.to,
    compose_mode: ofCompose.mode,
    compose_link: ofCompose.link,
    ...(ofEnv && { env_to: ofEnv.to, env_mode: ofEnv.mode, env_link: ofEnv.link }),
    images: Object.entries(images).map(([service, id]) => `${service}=${id}`),
    layers: Object.entries(layers).map(([service, name]) => `${service}=${name}`),
    start,
    recreate,
    within: String(Math.min(operation.timeoutSeconds, 1800)),
  };
}

function switchImage(operation: Of<'switchImage'>, input: BreakGlassInput): Step {
  const { service, image, imageId } = operation.input;
  const to = input.state.operations.get(operation.undoes?.at(-1) ?? '')?.prepared.facts['from'];
  if (typeof to !== 'string') {
    return byHand(operation.id, operation.summary, {
      why: `the file that had the image before is not in the journal: write ${image} for ${service} into ${input.plan.stack.compose} first`,
      commands: [`${composeCommand(input)} up --detach --no-deps ${quote(service)}`],
    });
  }
  const set = { label: image, to, only: [service], images: imageId === undefined ? [] : [`${service}=${imageId}`] };
  return { kind: 'image', title: operation.summary, operation: operation.id, set };
}

function sql(operation: Of<'applySql'>, input: BreakGlassInput): Step {
  const { store, source, transactional } = operation.input;
  const { id, summary, undoes = [] } = operation;
  const ref = input.plan.stores[store];
  const digest =
    'statement' in source
      ? input.statements.get(source.statement)
      : digestOf('file' in source ? { path: source.file } : { ...source, path: store }, input);
  if (digest === undefined || ref === undefined)
    throw new SwitchbackError('IntegrityFailed', `the SQL of ${id}, or its store ${store}, is not in the sealed plan`);
  const file = quote(`${input.home.root}/content/${digest.slice(0, 2)}/${digest.slice(2)}`);
  const hand = (why: string) =>
    byHand(id, summary, {
      why: `${why}; set ${urlVariable(store)} to the address of store ${store}`,
      commands: [`cat ${file}`, `psql "$${urlVariable(store)}" -X -v ON_ERROR_STOP=1 -f ${file}`],
    });
  if (!transactional)
    return hand('it cannot run in a transaction, so a shell that was killed cannot tell how far it came');
  if (undoes.some((key) => input.state.operations.get(key)?.status === 'by-hand'))
    return hand('what it takes back was done by hand, so the ledger of the database does not know of it');
  const set = { sql_digest: digest, undoes, protected_now: protectedNow(input.plan.protect, store) };
  return { kind: 'sql', title: summary, operation: id, set: { ...storeAddress(store, ref), ...set } };
}

function removeTag(operation: Of<'removeTag'>, input: BreakGlassInput): Step {
  const { tag, object, pushed } = operation.input;
  if (!pushed) return { kind: 'tag', title: operation.summary, operation: operation.id, set: { tag, object } };
  const git = `git -C ${quote(input.plan.stack.directory)}`;
  const name = `refs/tags/${tag}`;
  return byHand(operation.id, operation.summary, {
    why: 'the tag was pushed, and others may have it: this needs the network and your credentials',
    commands: [
      `${git} push ${quote(`--force-with-lease=${name}:${object}`)} origin ${quote(`:${name}`)}`,
      `${git} update-ref -d ${quote(name)} ${quote(object)}`,
    ],
  });
}

/** How a person types Compose on this stack. */
function composeCommand({ plan: { stack } }: BreakGlassInput): string {
  const env = stack.env === undefined ? '/dev/null' : `${stack.directory}/${stack.env}`;
  const named = ['-p', stack.project, '--project-directory', stack.directory, '--env-file', env];
  return `docker compose ${words([...named, '-f', `${stack.directory}/${stack.compose}`])}`;
}

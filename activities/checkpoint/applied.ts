import type { JsonObject } from '../../runbook/json.ts';
import { enabledServices, imageOf } from '../compose/index.ts';
import type { Performed } from '../effect.ts';
import type { BroughtUp } from './bring-up.ts';
import type { FileSwitch } from './file-switch.ts';
import type { LoadedCheckpoint } from './load-checkpoint.ts';
import type { SettledOrphans } from './settle-orphans.ts';

export interface Applied {
  checkpoint: string;
  files: readonly FileSwitch[];
  willHappen: string[];
  next: LoadedCheckpoint;
  /** Further facts. */
  noted: JsonObject;
  /** What is not as it was, one line each. */
  aside?: readonly string[];
  /** Absent where an earlier attempt did it. */
  doings?: { written: Record<string, string>; orphans: SettledOrphans; up: BroughtUp };
}

/** Tells what was really done to bring a stack to a checkpoint. The effect is contents and images: equal runs have equal ones. */
export function applied({ checkpoint, files, willHappen, next, noted, doings, aside = [] }: Applied): Performed {
  const services = Object.fromEntries(enabledServices(next.model).map(([name]) => [name, next.images[name] ?? '']));
  const count = Object.keys(services).length;
  const took = doings === undefined ? '' : ` in ${((doings.up.upMs + doings.up.readyMs) / 1000).toFixed(1)} s`;
  const held = Object.fromEntries(files.map(({ path, to }) => [path, to]));
  return {
    summary: `${checkpoint} is active: ${count} service${count === 1 ? '' : 's'} ready${took}; ${[shortly(willHappen), ...aside].join('; ')}`,
    facts: fitting({
      checkpoint,
      files: held,
      changes: willHappen,
      images: Object.fromEntries(
        Object.entries(services).map(([name, id]) => [name, `${imageOf(next.model, name)} ${id.slice(0, 19)}`]),
      ),
      ...(Object.keys(next.pinned).length === 0 ? {} : { pinned: next.pinned }),
      ...noted,
      ...(doings === undefined ? {} : factsOf(doings)),
    }),
    effect: { files: held, services },
  };
}

function factsOf({ written, orphans, up }: NonNullable<Applied['doings']>): JsonObject {
  return {
    switched: written,
    completed: up.completed,
    ranAgain: up.ranAgain,
    orphansRemoved: orphans.removed,
    orphansStopped: orphans.stopped,
    upMs: up.upMs,
    readyMs: up.readyMs,
  };
}

/** A receipt carries 16 KiB: that of a very large stack goes without its lists, longest first. */
function fitting(facts: JsonObject): JsonObject {
  return ['images', 'changes', 'boundContents'].reduce(
    (rest, list) =>
      JSON.stringify(rest).length < 14_000
        ? rest
        : Object.fromEntries(Object.entries(rest).filter(([name]) => name !== list)),
    facts,
  );
}

const shortly = (lines: string[]) =>
  lines.length <= 4 ? lines.join('; ') : `${lines.slice(0, 3).join('; ')}; and ${lines.length - 3} more`;

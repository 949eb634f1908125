import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { SwitchbackError } from '../../runbook/errors.ts';
import { readWorld, type ComposeEvent, type ComposeProject, type WorldContainer } from '../compose/index.ts';
import type { EffectContext } from '../effect.ts';
import { type CheckpointDependencies, type LoadedCheckpoint } from './load-checkpoint.ts';
import { isHalfMade, repairNames } from './repair-names.ts';

export type CommandContext = Pick<EffectContext, 'plan' | 'home' | 'operation' | 'signal' | 'fence' | 'progress'>;

/** What can be done to the containers of a stack whose active files are in place. Each asks the fence first. */
export interface StackCommands {
  look(): Promise<WorldContainer[]>;
  /** Everything to what the files say. */
  up(): Promise<void>;
  /** Some services alone; where nothing changed only with `force`. */
  recreate(services: readonly string[], force: boolean): Promise<void>;
}

/** @param timeLeft milliseconds that a command may take, asked before each */
export async function stackCommands(
  { engine, compose }: CheckpointDependencies,
  context: CommandContext,
  loaded: LoadedCheckpoint,
  timeLeft: () => number,
): Promise<StackCommands> {
  const { signal } = context;
  const project = await activeProject(context, loaded);
  const look = async () => (await readWorld(engine, project.name, { signal })).own;
  const repair = async () => {
    await repairNames(engine, await look(), { signal, fence: () => context.fence() });
  };
  const asked = () => ({
    signal,
    timeoutMs: Math.max(1000, timeLeft()),
    lockFolder: context.home.root,
    doing: context.operation.id,
    settle: repair,
    onEvent: ({ object, name, status }: ComposeEvent) =>
      context.progress({ doing: `${object.toLowerCase()} ${name}: ${status.toLowerCase()}` }),
  });
  return {
    look,
    async up() {
      await context.fence();
      await againWhereHalfMade(() => compose.up(project, asked()));
      await repair();
    },
    async recreate(services, force) {
      await context.fence();
      await againWhereHalfMade(() => compose.create(project, services, { ...asked(), force }));
      await repair();
      // What they depend on may have been made anew with them.
      const made = (await look()).flatMap(({ state, service }) => (state === 'created' ? (service ?? []) : []));
      await context.fence();
      await compose.start(project, [...new Set([...services, ...made])], asked());
    },
  };
}

/** What a killed Compose had asked for may be done by the engine only now: its replacement appears after we looked. */
async function againWhereHalfMade(command: () => Promise<void>): Promise<void> {
  for (let tries = 3; ; tries -= 1) {
    try {
      await command();
      return;
    } catch (error) {
      const name = error instanceof SwitchbackError && error.name === 'Conflict' ? error.facts['container'] : undefined;
      if (tries === 1 || typeof name !== 'string' || !isHalfMade(name)) throw error;
    }
  }
}

async function activeProject(context: CommandContext, loaded: LoadedCheckpoint): Promise<ComposeProject> {
  const { stack } = context.plan;
  const files = [join(stack.directory, stack.compose)];
  if (loaded.overlay !== undefined) {
    const overlay = join(context.home.root, 'images.json');
    await writeFile(overlay, loaded.overlay, { mode: 0o600 });
    files.push(overlay);
  }
  const envFile = loaded.contents.env && stack.env !== undefined ? join(stack.directory, stack.env) : undefined;
  return { name: stack.project, directory: stack.directory, files, envFile, profiles: stack.profiles };
}

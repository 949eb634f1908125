import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readFile, realpath, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

import type { EffectContext, EffectHandler, Performed, Prepared, Progress } from '../../activities/effect.ts';
import { ContentStore, ensureTargetHome, type TargetHome } from '../../journal/index.ts';
import type { CompiledPlan } from '../../runbook/compiled-plan.ts';
import { SwitchbackError } from '../../runbook/errors.ts';
import type { JsonObject } from '../../runbook/json.ts';
import {
  operationVersion,
  type Operation,
  type OperationInputs,
  type OperationKind,
} from '../../runbook/operations.ts';

interface Noted {
  identities: [string, string][];
  sealed: [string, string][];
}

export interface TargetOptions {
  /** Compose project, which is the target's name too. */
  project: string;
  env?: string;
  switchBy?: 'copy' | 'symlink';
  protect?: CompiledPlan['protect'];
  stores?: CompiledPlan['stores'];
  encrypt?: CompiledPlan['encrypt'];
  /** Values of `${env:NAME}`. */
  secrets?: Record<string, string>;
}

/**
 * A target in temporary folders: a stack's directory and a home with a real content store. Identities and sealed files are kept in a file,
 * as the journal would keep them, so they outlive a process that is killed; facts are kept in memory.
 */
export class TestTarget {
  readonly identities = new Map<string, string>();
  readonly facts = new Map<string, JsonObject>();
  readonly logged: string[] = [];
  readonly told: Progress[] = [];
  /** How often a handler asked whether it may still act. */
  fences = 0;
  /** Set it to make the next fence fail, as after a lost lease. */
  leaseLost = false;
  #sealed = new Map<string, string>();
  #attempts = new Map<string, number>();

  private constructor(
    readonly root: string,
    readonly directory: string,
    readonly home: TargetHome,
    readonly content: ContentStore,
    readonly plan: CompiledPlan,
    readonly options: TargetOptions,
  ) {}

  static async make(options: TargetOptions): Promise<TestTarget> {
    const root = await realpath(await mkdtemp(join(tmpdir(), 'switchback-test-')));
    return TestTarget.open(root, options);
  }

  /** Opens the folders of a target that another process made, for tests that kill one. */
  static async open(root: string, options: TargetOptions): Promise<TestTarget> {
    const directory = join(root, 'stack');
    await mkdir(directory, { recursive: true });
    const at = (name: string) => join(root, 'home', name);
    const home: TargetHome = {
      root: join(root, 'home'),
      journal: at('journal.jsonl'),
      content: at('content'),
      points: at('points'),
      records: at('records'),
      scratch: at('scratch'),
      runs: at('runs'),
    };
    ensureTargetHome(home);
    const content = await ContentStore.open(home.content, join(root, 'content.key'));
    const target = new TestTarget(root, directory, home, content, planFor(directory, options), options);
    await target.reload();
    return target;
  }

  /** Reads what another process has noted. */
  async reload(): Promise<void> {
    if (!existsSync(this.#noted)) return;
    const { identities, sealed } = JSON.parse(await readFile(this.#noted, 'utf8')) as Noted;
    for (const [resource, identity] of identities) this.identities.set(resource, identity);
    this.#sealed = new Map(sealed);
  }

  get #noted(): string {
    return join(this.root, 'noted.json');
  }

  async #note(): Promise<void> {
    const noted: Noted = { identities: [...this.identities], sealed: [...this.#sealed] };
    await writeFile(`${this.#noted}.partial`, JSON.stringify(noted));
    await rename(`${this.#noted}.partial`, this.#noted);
  }

  /** Writes a file of the stack. */
  async write(path: string, text: string): Promise<void> {
    const file = join(this.directory, path);
    await mkdir(dirname(file), { recursive: true });
    await writeFile(file, text);
  }

  read(path: string): Promise<string> {
    return readFile(join(this.directory, path), 'utf8');
  }

  /** Seals files of the stack as the start of a run does: later edits do not change what operations see. */
  async seal(...paths: string[]): Promise<void> {
    for (const path of paths) {
      this.#sealed.set(path, await this.content.keep(await readFile(join(this.directory, path))));
    }
    await this.#note();
  }

  /** What a handler sees in one attempt of an operation; each call is a further attempt. */
  context<K extends OperationKind>(
    kind: K,
    input: OperationInputs[K],
    more: {
      id?: string;
      signal?: AbortSignal;
      timeoutSeconds?: number;
      onProgress?: (progress: Progress) => void;
    } = {},
  ): EffectContext<K> {
    const id = more.id ?? `phase/apply/01-${kind}`;
    const attempt = (this.#attempts.get(id) ?? 0) + 1;
    this.#attempts.set(id, attempt);
    const context: EffectContext = {
      target: this.plan.target,
      runId: 'run-1',
      epoch: 1,
      operation: operationFor(id, kind, input, more.timeoutSeconds ?? 90),
      attempt,
      plan: this.plan,
      home: this.home,
      signal: more.signal ?? new AbortController().signal,
      progress: (progress) => {
        this.told.push(progress);
        more.onProgress?.(progress);
      },
      fence: async () => {
        this.fences += 1;
        if (this.leaseLost) throw new SwitchbackError('LeaseLost', `attempt ${attempt} of ${id} was overtaken`);
      },
      sealed: async (path) => {
        const digest = this.#sealed.get(path);
        if (digest === undefined) throw new SwitchbackError('PlanInvalid', `${path} was not sealed`);
        return this.content.kept(digest);
      },
      keep: (bytes) => this.content.keep(bytes),
      kept: (digest) => this.content.kept(digest),
      secret: async (template) =>
        template.replaceAll(/\$\{env:([^}]+)\}/g, (_all, name: string) => {
          const value = this.options.secrets?.[name];
          if (value === undefined) throw new SwitchbackError('PreconditionFailed', `the secret ${name} is not set`);
          return value;
        }),
      factsOf: async (operationId) => this.facts.get(operationId),
      bindIdentity: async (resource, identity) => {
        this.identities.set(resource, identity);
        await this.#note();
      },
      identityOf: async (resource) => this.identities.get(resource),
      log: (message) => {
        this.logged.push(message);
      },
    };
    return context as unknown as EffectContext<K>;
  }

  async remove(): Promise<void> {
    await rm(this.root, { recursive: true, force: true });
  }
}

/** Takes an operation through its handler as the worker does; give `prepared` for a further attempt. */
export async function performWith<K extends OperationKind>(
  handler: EffectHandler<K>,
  context: EffectContext<K>,
  prepared?: Prepared,
): Promise<{ performed: Performed; prepared: Prepared; outcome: 'done' | 'adopted' }> {
  const input = context.operation.input;
  const ready = prepared ?? (await handler.prepare(input, context));
  const observation = await handler.observe(input, context, ready);
  if (observation === 'unknown') throw new SwitchbackError('EffectUnknown', `${context.operation.id}: unknown`);
  if (observation === 'done') {
    const adopt = handler.adopt?.bind(handler) ?? handler.perform.bind(handler);
    return { performed: await adopt(input, context, ready), prepared: ready, outcome: 'adopted' };
  }
  await context.fence();
  return { performed: await handler.perform(input, context, ready), prepared: ready, outcome: 'done' };
}

function operationFor<K extends OperationKind>(id: string, kind: K, input: OperationInputs[K], timeoutSeconds: number) {
  const [phase = 'phase'] = id.split('/');
  return {
    id,
    kind,
    version: operationVersion[kind],
    phase,
    stage: 'apply',
    host: 'local',
    summary: id,
    input,
    effects: [],
    undo: { by: 'nothing', summary: 'a test' },
    timeoutSeconds,
  } as unknown as Operation;
}

function planFor(directory: string, options: TargetOptions): CompiledPlan {
  return {
    format: 1,
    name: options.project,
    title: options.project,
    target: options.project,
    homeHost: 'local',
    stack: {
      directory,
      project: options.project,
      compose: 'docker-compose.yml',
      ...(options.env === undefined ? {} : { env: options.env }),
      switchBy: options.switchBy ?? 'copy',
      host: 'local',
    },
    stores: options.stores ?? {},
    ...(options.encrypt && { encrypt: options.encrypt }),
    protect: options.protect ?? [],
    baseline: { name: 'baseline', compose: 'docker/v1.yml', verify: [] },
    objectives: { detection: 60, decision: 120, execution: 300, verification: 180 },
    contacts: [],
    files: [],
    proofAgeSeconds: 86_400,
    before: [],
    phases: [],
    digest: '0'.repeat(64),
  };
}

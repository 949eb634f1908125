import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import {
  ComposeCli,
  parseModel,
  type ComposeModel,
  type ComposeOptions,
  type ComposeProject,
  type UpOptions,
} from '../compose/index.ts';
import { isolateModel, type CloneOf } from './isolate-model.ts';

/**
 * Compose for a clone: whatever is asked of it, it does with the isolated form of the files, so that no operation has to know that it
 * works on a clone, and none can forget it.
 */
export class IsolatedCompose extends ComposeCli {
  readonly #clone: CloneOf;

  constructor(options: ConstructorParameters<typeof ComposeCli>[0], clone: CloneOf) {
    super(options);
    this.#clone = clone;
  }

  override async model(
    project: ComposeProject,
    options: ComposeOptions = {},
  ): Promise<{ model: ComposeModel; text: string }> {
    const { text } = await super.model(project, options);
    // Interpolated and complete, but for names: what is written out is understood the same way again.
    const model = isolateModel(parseModel(text, project.profiles), this.#clone);
    // Which profiles are on is said when Compose is run, not in its file.
    const { profiles: _on, ...file } = model;
    return { model, text: JSON.stringify(file) };
  }

  override async up(project: ComposeProject, options: UpOptions): Promise<void> {
    await super.up(await this.#isolated(project, options), options);
  }

  override async create(
    project: ComposeProject,
    services: readonly string[],
    options: UpOptions & { force: boolean },
  ): Promise<void> {
    await super.create(await this.#isolated(project, options), services, options);
  }

  override async start(project: ComposeProject, services: readonly string[], options: UpOptions): Promise<void> {
    await super.start(await this.#isolated(project, options), services, options);
  }

  /** It holds interpolated secrets, and lies in the clone's own home, which is removed with the clone. */
  async #isolated(project: ComposeProject, { lockFolder, signal }: UpOptions): Promise<ComposeProject> {
    const { text } = await this.model(project, { signal });
    const file = join(lockFolder, 'isolated.json');
    await mkdir(lockFolder, { recursive: true, mode: 0o700 });
    await writeFile(file, text, { mode: 0o600 });
    return { ...project, files: [file], envFile: undefined };
  }
}

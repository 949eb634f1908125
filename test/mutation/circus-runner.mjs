import { readdirSync } from 'node:fs';
import { register } from 'node:module';
import { join, relative, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { commonTokens, declareFactoryPlugin, PluginKind } from '@stryker-mutator/api/plugin';
import { DryRunStatus, TestStatus, toMutantRunResult } from '@stryker-mutator/api/test-runner';

/**
 * A runner for Stryker that keeps the test files loaded, and lets Jest's own `jest-circus` run them for each mutant: some milliseconds each.
 * Stryker's Jest runner starts Jest once for each mutant, which in Jest's ESM mode takes seconds, and a file of 250 lines half an hour.
 */
class CircusRunner {
  #folders;
  #circus;
  #tests = [];
  #loads = 0;

  constructor(_logger, options) {
    this.#folders = options.circus.folders;
  }

  capabilities() {
    return { reloadEnvironment: true };
  }

  async init() {
    register('./typescript-hooks.mjs', import.meta.url);
    // Also on a machine with much else to do these tests take a second at most.
    globalThis[Symbol.for('TEST_TIMEOUT_SYMBOL')] = 20_000;
    globalThis.__stryker__ ??= {};
    this.#circus = await import('jest-circus');
  }

  async dryRun({ coverageAnalysis }) {
    await this.#load();
    const results = await this.#run();
    const mutantCoverage = coverageAnalysis === 'off' ? undefined : globalThis.__stryker__.mutantCoverage;
    return { status: DryRunStatus.Complete, tests: results, ...(mutantCoverage && { mutantCoverage }) };
  }

  async mutantRun({ activeMutant, testFilter, hitLimit, mutantActivation, reloadEnvironment, disableBail }) {
    const stryker = globalThis.__stryker__;
    if (mutantActivation === 'static') stryker.activeMutant = activeMutant.id;
    try {
      if (reloadEnvironment) this.#tests = [];
      await this.#load();
    } catch (error) {
      return toMutantRunResult(failedToLoad(error));
    }
    stryker.activeMutant = activeMutant.id;
    stryker.hitCount = hitLimit === undefined ? undefined : 0;
    stryker.hitLimit = hitLimit;
    try {
      const tests = await this.#run(testFilter && new Set(testFilter), !disableBail);
      if (hitLimit !== undefined && stryker.hitCount > hitLimit)
        return { status: 'timeout', reason: `hit limit reached (${stryker.hitCount}/${hitLimit})` };
      return toMutantRunResult({ status: DryRunStatus.Complete, tests });
    } finally {
      stryker.activeMutant = undefined;
    }
  }

  /** Loads all test files, unless they are loaded. Each test gets an id of its file and its full name. */
  async #load() {
    if (this.#tests.length > 0) return;
    const { resetState, getState, addEventHandler } = this.#circus;
    resetState();
    this.#loads += 1;
    const root = getState().rootDescribeBlock;
    const files = this.#folders.flatMap((path) => testFilesIn(path)).sort();
    for (const file of files) {
      const known = root.children.length;
      await import(`${pathToFileURL(file).href}?load=${this.#loads}`);
      for (const child of root.children.slice(known)) this.#note(child, relative(process.cwd(), file), resolve(file));
    }
    getState().hasStarted = false;
    addEventHandler((event) => {
      if (event.name === 'test_start') globalThis.__stryker__.currentTestId = event.test.strykerId;
      if (event.name === 'test_done') globalThis.__stryker__.currentTestId = undefined;
    });
    if (this.#tests.length === 0) throw new Error(`no tests in ${this.#folders.join(', ')}`);
  }

  #note(block, prefix, file) {
    const name = `${prefix} ${block.name}`;
    if (block.type === 'describeBlock') for (const child of block.children) this.#note(child, name, file);
    else {
      block.strykerFile = file;
      const twins = this.#tests.filter(({ strykerName }) => strykerName === name).length;
      block.strykerName = name;
      block.strykerId = twins === 0 ? name : `${name} (${twins + 1})`;
      block.strykerMode = block.mode;
      this.#tests.push(block);
    }
  }

  /** @param wanted ids; all where there is none. @param bail whether the first failure is enough */
  async #run(wanted, bail = false) {
    const { getState, run, addEventHandler, removeEventHandler } = this.#circus;
    const state = getState();
    state.unhandledErrors = [];
    for (const test of this.#tests) {
      Object.assign(test, {
        errors: [],
        status: null,
        invocations: 0,
        duration: null,
        startedAt: null,
        retryReasons: [],
      });
      test.mode = wanted && !wanted.has(test.strykerId) ? 'skip' : test.strykerMode;
    }
    const stop = ({ name, test }) => {
      if (name !== 'test_done' || test.errors.length === 0) return;
      for (const other of this.#tests) if (other.status === null) other.mode = 'skip';
    };
    if (bail) addEventHandler(stop);
    const { unhandledErrors } = await run();
    if (bail) removeEventHandler(stop);
    if (unhandledErrors.length > 0) return failedToLoad(unhandledErrors[0]).tests;
    return this.#tests
      .filter(({ status }) => status !== null && status !== 'skip' && status !== 'todo')
      .map(({ strykerId, strykerFile, errors, duration }) => ({
        id: strykerId,
        name: strykerId,
        // Results of a file that has changed since are not used again.
        fileName: strykerFile,
        timeSpentMs: duration ?? 0,
        ...(errors.length > 0
          ? { status: TestStatus.Failed, failureMessage: String(errors.flat().find(Boolean)?.message ?? errors[0]) }
          : { status: TestStatus.Success }),
      }));
  }
}

const failedToLoad = (error) => ({
  status: DryRunStatus.Complete,
  tests: [{ id: 'load', name: 'load', timeSpentMs: 0, status: TestStatus.Failed, failureMessage: String(error) }],
});

/** @param folder `FOLDER`, with all below it, or `FOLDER/*.test.ts`, without; or one file */
const testFilesIn = (folder) => {
  if (/\/[^*/]+\.test\.ts$/.test(folder)) return [folder];
  const flat = folder.endsWith('/*.test.ts');
  const top = flat ? folder.slice(0, -'/*.test.ts'.length) : folder;
  return readdirSync(top, { recursive: !flat, encoding: 'utf8' })
    .filter((file) => file.endsWith('.test.ts'))
    .map((file) => join(top, file));
};

const runnerFactory = (logger, options) => new CircusRunner(logger, options);
runnerFactory.inject = [commonTokens.logger, commonTokens.options];

export const strykerPlugins = [declareFactoryPlugin(PluginKind.TestRunner, 'circus', runnerFactory)];

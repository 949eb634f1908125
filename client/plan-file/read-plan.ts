import path from 'node:path';
import { loadSqlParser } from '../../activities/sql/index.ts';
import { compile, namedFiles } from '../../runbook/compile.ts';
import type { CompiledPlan } from '../../runbook/compiled-plan.ts';
import type { Finding, Plan } from '../../runbook/plan/index.ts';
import { findSecrets } from './find-secrets.ts';
import { directorySource, loadFiles, type FileSource, type LoadedFiles } from './load-files.ts';
import { locate } from './locate.ts';
import { parsePlan } from './parse-plan.ts';
import { parseYaml } from './parse-yaml.ts';
import { toIssue, type Blackout, type Mistake, type PlanIssue } from './plan-issue.ts';
import { readText } from './read-text.ts';
import { secretsInFile } from './secrets-in-file.ts';
import { SourceText } from './source-text.ts';

/** A plan that can run, with what is worth a second look; or everything that is wrong with it. */
export type PlanReading =
  { ok: true; plan: Plan; compiled: CompiledPlan; warnings: PlanIssue[] } | { ok: false; issues: PlanIssue[] };

/**
 * Reads, checks and compiles a plan file and the files that it names. Everything that is wrong comes back as issues, all at
 * once, with places; it throws only when the program itself is wrong.
 */
export async function readPlan(file: string): Promise<PlanReading> {
  const read = await readText(file);
  if ('problem' in read) {
    const source = new SourceText(file, '');
    const hint = {
      missing: 'Give the path of a plan, or make one with `switchback init`.',
      directory: 'Give the path of the plan file in it, e.g. switchback.yml.',
      unreadable: 'Give the path of a file that you may read.',
      'too-large': 'A plan names files; it does not hold them.',
      'not-text': 'Save the plan as UTF-8 text.',
    }[read.problem];
    const mistake: Mistake = {
      source,
      start: 0,
      end: 0,
      path: [],
      message: `the plan ${read.detail}`,
      hint,
      severity: 'error',
    };
    const { frame: _none, ...issue } = toIssue(mistake, []);
    return { ok: false, issues: [issue] };
  }
  return readPlanText(read.text, file, (stackDirectory) =>
    directorySource(path.resolve(path.dirname(file), stackDirectory)),
  );
}

/**
 * The same for a text that is already read. `name` is how the plan is called in messages; `files` gives the files of the
 * stack's directory, which is relative to the plan: the worker gives what was sealed.
 */
export async function readPlanText(
  text: string,
  name: string,
  files: (stackDirectory: string) => FileSource,
): Promise<PlanReading> {
  const source = new SourceText(name, text);
  const { document, problems } = parseYaml(text, { aliases: false });
  const mistakes: Mistake[] = problems.map((problem) => ({ source, path: [], severity: 'error', ...problem }));
  if (document === undefined || problems.length > 0) {
    // Even in broken YAML a secret must not be shown.
    const blackouts = document === undefined ? [] : findSecrets(document, source).blackouts;
    return { ok: false, issues: finish(mistakes, [...blackouts, ...secretsInFile(source, 'sql')]) };
  }
  const secrets = findSecrets(document, source);
  const value: unknown = document.toJS();
  if (value === null || value === undefined) {
    const mistake: Mistake = {
      source,
      start: 0,
      end: 1,
      path: [],
      message: 'the plan is empty',
      hint: 'Make one with `switchback init`.',
      severity: 'error',
    };
    return { ok: false, issues: finish([mistake], []) };
  }
  if (typeof value === 'object' && Object.hasOwn(value, 'services') && !Object.hasOwn(value, 'switchback')) {
    const mistake: Mistake = {
      source,
      ...locate(document, ['services'], 'key'),
      path: [],
      message: 'this is a Compose file, not a plan',
      hint: 'Make a plan for it with `switchback init`.',
      severity: 'error',
    };
    return { ok: false, issues: finish([mistake], secrets.blackouts) };
  }
  const parsed = parsePlan(value);
  const place = (finding: Finding): Mistake => ({
    source,
    ...locate(document, finding.path, finding.at),
    path: finding.path,
    message: finding.message,
    ...(finding.hint === undefined ? {} : { hint: finding.hint }),
    severity: finding.severity,
  });
  const secretPlaces = new Set(secrets.mistakes.map(({ start }) => start));
  mistakes.push(...secrets.mistakes, ...parsed.findings.map(place).filter(({ start }) => !secretPlaces.has(start)));
  const blackouts: Blackout[] = [...secrets.blackouts];
  if (parsed.plan === undefined) return { ok: false, issues: finish(mistakes, blackouts) };

  const { plan } = parsed;
  const fileSource = files(plan.stack.directory);
  const shown = path.normalize(path.join(path.dirname(name), plan.stack.directory));
  const directoryProblem = await fileSource.problem();
  if (directoryProblem !== undefined) {
    mistakes.push(
      place({
        path: ['stack', 'directory'],
        severity: 'error',
        message: `the stack directory \`${plan.stack.directory}\` ${directoryProblem}`,
        hint: 'It is relative to the plan file.',
      }),
    );
    return { ok: false, issues: finish(mistakes, blackouts) };
  }
  const loaded = await loadFiles(namedFiles(plan), fileSource, text, shown);
  for (const { source: file, use } of loaded.sources.values()) blackouts.push(...secretsInFile(file, use));
  const { compiled, findings } = compile(plan, loaded.files, await loadSqlParser(), parsed.declared);
  for (const finding of findings)
    mistakes.push(inFile(finding, loaded) ?? place({ ...finding, path: parsed.original(finding.path) }));
  const issues = finish(mistakes, blackouts);
  if (compiled === undefined || issues.some(({ severity }) => severity === 'error')) return { ok: false, issues };
  return { ok: true, plan, compiled, warnings: issues };
}

function inFile({ inside, ...finding }: Finding, { sources }: LoadedFiles): Mistake | undefined {
  const file = inside && sources.get(inside.file);
  if (inside === undefined || file === undefined) return undefined;
  const { start, end } = inside;
  return {
    source: file.source,
    start,
    end,
    path: finding.path,
    message: finding.message,
    ...(finding.hint === undefined ? {} : { hint: finding.hint }),
    severity: finding.severity,
  };
}

/** More than anybody reads at once. */
const mostIssues = 200;

/** In the order of reading: the plan first, then its files; each mistake once. */
function finish(mistakes: Mistake[], blackouts: Blackout[]): PlanIssue[] {
  const order = new Map([...new Set(mistakes.map(({ source }) => source))].map((source, index) => [source, index]));
  const seen = new Set<string>();
  const distinct = mistakes
    .sort((a, b) => (order.get(a.source) ?? 0) - (order.get(b.source) ?? 0) || a.start - b.start)
    .filter(({ source, start, message }) => {
      const key = `${source.name} ${start} ${message}`;
      return seen.has(key) ? false : seen.add(key);
    });
  const issues = distinct.slice(0, mostIssues).map((mistake) => toIssue(mistake, blackouts));
  const [next] = distinct.slice(mostIssues);
  if (next === undefined) return issues;
  const severity = distinct.slice(mostIssues).some((each) => each.severity === 'error') ? 'error' : 'warning';
  const message = `and ${distinct.length - mostIssues} more from here on`;
  return [...issues, toIssue({ ...next, severity, path: [], message, hint: 'Mend the ones above first.' }, blackouts)];
}

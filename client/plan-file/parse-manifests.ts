import { readManifest } from '../../runbook/platforms/kubernetes.ts';
import type { FileProblem, ManifestObject } from '../../runbook/plan/index.ts';
import { locate } from './locate.ts';
import { largestAliasCount, parseYaml } from './parse-yaml.ts';

/** The objects of a manifest with one or more documents, and what is wrong with it. */
export function parseManifests(text: string): { objects: ManifestObject[]; problems: FileProblem[] } {
  const objects: ManifestObject[] = [];
  const problems: FileProblem[] = [];
  for (const { start, part } of documentsIn(text)) {
    const { document, problems: wrong } = parseYaml(part, { aliases: true });
    const moved = <T extends { start: number; end: number }>(span: T): T => ({
      ...span,
      start: span.start + start,
      end: span.end + start,
    });
    problems.push(...wrong.map((problem) => moved({ ...problem, severity: 'error' as const })));
    if (document === undefined || wrong.length > 0) continue;
    let value: unknown;
    try {
      value = document.toJS({ maxAliasCount: largestAliasCount });
    } catch (error) {
      problems.push({ severity: 'error', start, end: start + 1, message: (error as Error).message.toLowerCase() });
      continue;
    }
    if (value === null || value === undefined) continue;
    const reading = readManifest(value);
    if ('object' in reading) {
      const namespace = namespaceIn(value);
      const span = moved(locate(document, ['metadata', namespace === undefined ? 'name' : 'namespace']));
      objects.push({
        ...reading.object,
        ...(namespace === undefined ? {} : { namespace }),
        ...span,
      });
    } else {
      const span = moved(locate(document, [...reading.key]));
      problems.push({ severity: 'error', ...span, message: reading.message, hint: reading.hint });
    }
  }
  if (objects.length === 0 && problems.length === 0)
    problems.push({ severity: 'error', start: 0, end: 1, message: 'is no manifest: it has no objects' });
  return { objects, problems };
}

/** As text, so that one that is no text is found to be another one. */
function namespaceIn(document: unknown): string | undefined {
  const { namespace } = (document as { metadata: { namespace?: unknown } }).metadata;
  return namespace === undefined || typeof namespace === 'string' ? namespace : JSON.stringify(namespace);
}

/** A line that begins with `---` ends a document wherever it stands, also in a block of text. */
function documentsIn(text: string): { start: number; part: string }[] {
  const marks = [...text.matchAll(/^---(?=\s|$).*$/gm)].map((match) => ({
    at: match.index,
    // What stands after the mark on its line belongs to the document.
    after: match.index + 3,
  }));
  const starts = [0, ...marks.map(({ after }) => after)];
  const ends = [...marks.map(({ at }) => at), text.length];
  return starts.map((start, index) => ({ start, part: text.slice(start, ends[index]) }));
}

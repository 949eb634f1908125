import { SwitchbackError } from '../errors.ts';
import type { ContentRef, OperationInputs } from '../operations/operation.ts';
import type { ByHandInput } from './by-hand-input.ts';

/** The digest of what a reference names, or `absent`. @throws SwitchbackError `IntegrityFailed` when it was never sealed */
export function digestOf(ref: ContentRef, { sealed }: Pick<ByHandInput, 'sealed'>): string {
  if ('absent' in ref) return 'absent';
  const digest = 'digest' in ref ? ref.digest : sealed[ref.path];
  if (digest !== undefined && /^[0-9a-f]{64}$/.test(digest)) return digest;
  throw new SwitchbackError('IntegrityFailed', `${ref.path} was not sealed: what to go back to is not known`);
}

/** What an active file is to be: its content, its mode in octal, and the versioned file that it is a link to, or nothing. */
export function activeTarget(ref: ContentRef, path: string, input: ByHandInput) {
  const links = 'digest' in ref || input.plan.stack.switchBy === 'symlink';
  return {
    to: digestOf(ref, input),
    mode: modeOf(ref),
    link: links && !('absent' in ref) && ref.path !== path ? ref.path : '',
  };
}

/** Five words a file: path, digest now, digest to be, mode, and `link` or `file`. */
export function fileWords(given: OperationInputs['putFilesBack'], input: ByHandInput): string[] {
  const lists = given.manifest === undefined ? given : input.lists.get(given.manifest);
  if (!lists) throw new SwitchbackError('IntegrityFailed', 'the list of files that were restored is not in the home');
  const written = new Map(lists.written.map((ref) => [ref.path, digestOf(ref, input)]));
  return lists.files.flatMap((ref) => {
    const is = 'link' in ref && ref.link ? 'link' : 'file';
    return [ref.path, written.get(ref.path) ?? 'absent', digestOf(ref, input), modeOf(ref), is];
  });
}

const modeOf = (ref: ContentRef) => ('mode' in ref && ref.mode !== undefined ? ref.mode.toString(8) : '');

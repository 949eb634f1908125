import type { Page } from '../rendering/style.ts';
import type { Settings } from '../settings/settings.ts';

export type { EveryOption } from '../settings/every-option.ts';

/** The world as a verb sees it. */
export interface Context {
  env: NodeJS.ProcessEnv;
  /** Folder in which relative paths of the command line start. */
  cwd: string;
  settings: Settings;
  /** The place flags as they were typed, to be repeated in what to type next. */
  sameFlags: string;
  page: Page;
  json: boolean;
  verbose: boolean;
  /** Whether both ends are a terminal: only then may a question be asked or a page be redrawn. */
  interactive: boolean;
  /** Writes one line of the answer at once; for verbs that go on for a while. */
  print: (line: string) => void;
  /** Writes to standard error: what is being done, never a part of the answer. */
  note: (line: string) => void;
  /** Writes to the terminal without a line end: cursor movement. */
  draw: (text: string) => void;
  /** Asks a question on the terminal. @throws UsageError when nobody is there to answer. */
  ask: (question: string) => Promise<string>;
  /** Aborted by the first Ctrl-C or SIGTERM; a second one ends the process. */
  signal: AbortSignal;
}

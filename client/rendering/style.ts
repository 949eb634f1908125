/** How text is marked up: colours on a terminal that wants them, nothing elsewhere. */
export interface Style {
  bold: (text: string) => string;
  dim: (text: string) => string;
  red: (text: string) => string;
  green: (text: string) => string;
  yellow: (text: string) => string;
  cyan: (text: string) => string;
}

/** What text is laid out for. */
export interface Page {
  style: Style;
  /** Columns that a line may have; lines are never cut when the output is not a terminal. */
  width: number;
}

const code = (open: number, close: number) => (text: string) => `\u001b[${open}m${text}\u001b[${close}m`;
const asIs = (text: string) => text;

export const plainStyle: Style = { bold: asIs, dim: asIs, red: asIs, green: asIs, yellow: asIs, cyan: asIs };
export const colouredStyle: Style = {
  bold: code(1, 22),
  dim: code(2, 22),
  red: code(31, 39),
  green: code(32, 39),
  yellow: code(33, 39),
  cyan: code(36, 39),
};

/** A page without colours or limits, for pipes, files and tests. */
export const plainPage: Page = { style: plainStyle, width: Number.POSITIVE_INFINITY };

/**
 * Whether to colour: only a terminal, and never when `NO_COLOR` is set to anything (https://no-color.org). `FORCE_COLOR`
 * colours a pipe too, for those who page through `less -R`.
 */
export function wantsColour(env: Record<string, string | undefined>, isTerminal: boolean): boolean {
  if (env['NO_COLOR']) return false;
  if (env['FORCE_COLOR'] !== undefined && env['FORCE_COLOR'] !== '0') return true;
  return isTerminal && env['TERM'] !== 'dumb';
}

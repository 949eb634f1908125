import type { SourceText } from './source-text.ts';

/** A stretch of a text that must not be shown. */
export interface Blackout {
  source: SourceText;
  start: number;
  end: number;
}

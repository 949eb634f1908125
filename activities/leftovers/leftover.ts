/** Something that an operation left behind which is not at work any more. */
export interface Leftover {
  /** e.g. `container switchback-shop-…`. */
  what: string;
  why: string;
  /** What a person would type. */
  command?: string;
  /** Puts it right; absent where only a person may. Safe to call again. */
  tidy?: () => Promise<void>;
}

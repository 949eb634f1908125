/** Options that every verb takes. */
export interface EveryOption {
  plan?: string;
  target?: string;
  address?: string;
  namespace?: string;
  home?: string;
  timeout?: number;
  json?: boolean;
  verbose?: boolean;
  /** commander's name for `--no-color`. */
  color?: boolean;
}

/** A place in a YAML text that is not as it must be. */
export interface YamlProblem {
  start: number;
  end: number;
  message: string;
  hint?: string;
}

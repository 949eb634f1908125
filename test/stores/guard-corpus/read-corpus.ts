export interface CorpusEntry {
  /** `refused` by lint, `stopped` in the transaction, `fails` on the server, or `allowed`. */
  expected: string;
  /** Without a transaction around it. */
  outside: boolean;
  /** The first version of PostgreSQL that knows it. */
  since: number;
  text: string;
  /** What is said of it, as a pattern. */
  why: RegExp;
}

/** Reads `--! EXPECTED [outside] [since VERSION][: WHY]`, each above its statements. */
export function readCorpus(file: string): CorpusEntry[] {
  return file
    .split(/^--! /m)
    .slice(1)
    .map((block) => {
      const [line = '', ...lines] = block.split('\n');
      const [tag = '', why = ''] = line.split(/: (.*)/);
      const [expected = ''] = tag.split(' ');
      const since = Number(/ since (\d+)/.exec(tag)?.[1] ?? 0);
      return {
        expected,
        outside: tag.includes(' outside'),
        since,
        text: lines.join('\n').trim(),
        why: new RegExp(why),
      };
    });
}

export interface CorpusEntry {
  /** `refused` by lint, `stopped` in the transaction, `fails` on the server, or `allowed`. */
  expected: string;
  /** Without a transaction around it. */
  outside: boolean;
  /** The first version of PostgreSQL that knows it. */
  since: number;
  text: string;
}

/** Reads `--! EXPECTED [outside] [since VERSION]`, each above its statements. */
export function readCorpus(file: string): CorpusEntry[] {
  return file
    .split(/^--! /m)
    .slice(1)
    .map((block) => {
      const [tag = '', ...lines] = block.split('\n');
      const [expected = ''] = tag.split(' ');
      const since = Number(/ since (\d+)/.exec(tag)?.[1] ?? 0);
      return { expected, outside: tag.includes(' outside'), since, text: lines.join('\n').trim() };
    });
}

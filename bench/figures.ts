/** The middle of some figures. */
export function median(figures: readonly number[]): number {
  const sorted = [...figures].sort((a, b) => a - b);
  return (
    ((sorted[Math.floor((sorted.length - 1) / 2)] ?? NaN) + (sorted[Math.ceil((sorted.length - 1) / 2)] ?? NaN)) / 2
  );
}

/** One line: what was measured, its median, least and most. */
export function print(what: string, figures: readonly number[]): void {
  const show = (figure: number) => figure.toFixed(figure < 10 ? 2 : 0);
  process.stdout.write(
    `${what}: median ${show(median(figures))}, ${show(Math.min(...figures))} to ${show(Math.max(...figures))} in ${figures.length}\n`,
  );
}

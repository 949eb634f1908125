/** Measures the parts of the demo, on a clock that nobody sets. */
export class Stopwatch {
  readonly parts: { part: string; seconds: number }[] = [];
  readonly #began = performance.now();

  async measure<T>(part: string, work: () => Promise<T>): Promise<T> {
    const began = performance.now();
    try {
      return await work();
    } finally {
      this.parts.push({ part, seconds: (performance.now() - began) / 1000 });
    }
  }

  get totalSeconds(): number {
    return (performance.now() - this.#began) / 1000;
  }
}

/** A count with its thousands apart: `4,900`. */
export const formatCount = (count: number) => Math.round(count).toLocaleString('en-US');

/** `1 phase`, `3 phases`. */
export const plural = (count: number, one: string, many = `${one}s`) =>
  `${formatCount(count)} ${count === 1 ? one : many}`;

export { compareRows, type CompareOptions, type ComparisonResult, type Difference } from './compare-rows.ts';
export type { CompareColumn, ComparePlan, CompareSource, KeyedRow } from './compare-source.ts';
export { describeComparison, summarise, type Described } from './describe.ts';
export { compareSettled, type Settled, type Sides, type WithSides } from './settle.ts';

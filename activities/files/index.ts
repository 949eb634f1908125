export { denied, readEntry, requireInside, type StackEntry } from './stack-entry.ts';
export { sweepPartial, writeEntry, type NewEntry } from './write-entry.ts';
export { exchangeFiles, lookAtFiles, type ExchangeOptions, type FileExchange } from './exchange-files.ts';

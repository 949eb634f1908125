/** One file of a log, e.g. `000000010000000000000003`, or what there is of it so far: `….partial`. */
export interface Segment {
  file: string;
  /** From the beginning of the log: one more than that of the segment before. */
  number: number;
  partial: boolean;
}

/** A position in the log, as a number that can be compared. */
export function lsnOf(text: string): bigint {
  const [high = '0', low = '0'] = text.split('/');
  return (BigInt(`0x${high}`) << 32n) + BigInt(`0x${low}`);
}

/** Number of the segment that a position is in. */
export const segmentAt = (lsn: string, segmentBytes: number) => Number(lsnOf(lsn) / BigInt(segmentBytes));

/** Where a segment begins. */
export const beginOf = (number: number, segmentBytes: number) => BigInt(number) * BigInt(segmentBytes);

/** What a segment is called. */
export function nameOf(number: number, timeline: number, segmentBytes: number): string {
  const perId = 0x1_0000_0000 / segmentBytes;
  return [timeline, Math.floor(number / perId), number % perId]
    .map((part) => part.toString(16).toUpperCase().padStart(8, '0'))
    .join('');
}

/** Those of one timeline among the names of files, in their order. */
export function segmentsIn(files: readonly string[], timeline: number, segmentBytes: number): Segment[] {
  const perId = 0x1_0000_0000 / segmentBytes;
  return files
    .flatMap((file): Segment[] => {
      const [, of = '', high = '', low = '', partial] =
        /^([0-9A-F]{8})([0-9A-F]{8})([0-9A-F]{8})(\.partial)?$/.exec(file) ?? [];
      if (of === '' || parseInt(of, 16) !== timeline) return [];
      return [{ file, number: parseInt(high, 16) * perId + parseInt(low, 16), partial: partial !== undefined }];
    })
    .sort((a, b) => a.number - b.number);
}

/** The first segment from `first` on that is not there. */
export function firstMissing(segments: readonly Segment[], first: number): number {
  const have = new Set(segments.map(({ number }) => number));
  let next = first;
  while (have.has(next)) next += 1;
  return next;
}

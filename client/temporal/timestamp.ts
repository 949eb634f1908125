interface ProtoTimestamp {
  /** A number, or a long integer of protobufjs. */
  seconds?: number | { toNumber(): number } | null;
  nanos?: number | null;
}

/** Milliseconds since the epoch of a time as the server's API writes it. */
export function millisecondsOf(time: ProtoTimestamp | null | undefined): number | undefined {
  if (!time) return undefined;
  const seconds = typeof time.seconds === 'object' ? (time.seconds?.toNumber() ?? 0) : (time.seconds ?? 0);
  return seconds * 1000 + Math.floor((time.nanos ?? 0) / 1e6);
}

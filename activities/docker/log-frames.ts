/**
 * Takes apart the body of a logs request: without a terminal each piece has a header of 8 bytes (stream, three zeros, length).
 * Bounded input only: for streams of any size write a file in the container instead.
 */
export function joinLogFrames(body: Buffer): string {
  const pieces: Buffer[] = [];
  let at = 0;
  while (at + 8 <= body.length) {
    const stream = body[at];
    const framed =
      stream !== undefined && stream <= 2 && body[at + 1] === 0 && body[at + 2] === 0 && body[at + 3] === 0;
    // A container with a terminal logs plain bytes.
    if (!framed) return at === 0 ? body.toString('utf8') : Buffer.concat(pieces).toString('utf8');
    const length = body.readUInt32BE(at + 4);
    pieces.push(body.subarray(at + 8, at + 8 + length));
    at += 8 + length;
  }
  return at === 0 ? body.toString('utf8') : Buffer.concat(pieces).toString('utf8');
}

/** The last `bytes` bytes of a text, from the start of a line where there is one. */
export function tailOf(text: string, bytes: number): string {
  const all = Buffer.from(text, 'utf8');
  if (all.length <= bytes) return text;
  const tail = all.subarray(all.length - bytes).toString('utf8');
  const line = tail.indexOf('\n');
  return line >= 0 && line < tail.length - 1 ? tail.slice(line + 1) : tail;
}

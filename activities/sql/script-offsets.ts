/** Turns places in bytes, as the parser counts, into places in characters, as texts are cut. Asked in ascending order. */
export class ScriptOffsets {
  readonly #text: string;
  #bytes = 0;
  #characters = 0;

  constructor(text: string) {
    this.#text = text;
  }

  characters(bytes: number): number {
    while (this.#bytes < bytes && this.#characters < this.#text.length) {
      const point = this.#text.codePointAt(this.#characters) ?? 0;
      this.#bytes += point < 0x80 ? 1 : point < 0x800 ? 2 : point < 0x10000 ? 3 : 4;
      this.#characters += point < 0x10000 ? 1 : 2;
    }
    return this.#characters;
  }
}

/** The place of the first character that is neither white space nor inside a comment. */
export function skipComments(text: string, from: number, to: number): number {
  let at = from;
  while (at < to) {
    if (/\s/.test(text[at] ?? '')) at++;
    else if (text.startsWith('--', at)) at = lineEnd(text, at, to);
    else if (text.startsWith('/*', at)) at = commentEnd(text, at, to);
    else break;
  }
  return Math.min(at, to);
}

function lineEnd(text: string, from: number, to: number): number {
  let at = from;
  while (at < to && text[at] !== '\n' && text[at] !== '\r') at++;
  return at;
}

/** Comments nest. */
function commentEnd(text: string, from: number, to: number): number {
  let depth = 0;
  let at = from;
  while (at < to) {
    if (text.startsWith('/*', at)) {
      depth++;
      at += 2;
    } else if (text.startsWith('*/', at)) {
      depth--;
      at += 2;
      if (depth === 0) return at;
    } else at++;
  }
  return to;
}

/** A variable that a Compose file needs a value for. */
export interface ComposeVariable {
  name: string;
  /** Compose refuses the file without it: `${NAME:?…}`. Else it stands for nothing: `${NAME}`. */
  required: boolean;
}

const reference = /\$(?:(\$)|([A-Za-z_]\w*)|\{([A-Za-z_]\w*)(:?[-+?])?)/g;

/** Variables in all texts of a part of a Compose file. One with a default needs no value, nor does what stands in its default. */
export function variablesIn(part: unknown): ComposeVariable[] {
  const found = new Map<string, boolean>();
  const walk = (value: unknown): void => {
    if (typeof value === 'string') {
      for (const { name, required } of variablesInText(value)) found.set(name, required || (found.get(name) ?? false));
    } else if (typeof value === 'object' && value !== null) Object.values(value).forEach(walk);
  };
  walk(part);
  return [...found].map(([name, required]) => ({ name, required }));
}

function variablesInText(text: string): ComposeVariable[] {
  const found: ComposeVariable[] = [];
  for (let at = 0; ;) {
    reference.lastIndex = at;
    const match = reference.exec(text);
    if (match === null) return found;
    const [whole, escaped, bare, braced, operator] = match;
    at = match.index + whole.length;
    if (escaped !== undefined) continue;
    // What stands behind an operator is for the case that there is no value.
    if (operator !== undefined) at = endOfBraces(text, at);
    const name = bare ?? braced ?? '';
    if (operator === undefined) found.push({ name, required: false });
    else if (operator.endsWith('?')) found.push({ name, required: true });
  }
}

function endOfBraces(text: string, from: number): number {
  let open = 1;
  for (let at = from; at < text.length; at += 1) {
    if (text[at] === '{') open += 1;
    else if (text[at] === '}') open -= 1;
    if (open === 0) return at + 1;
  }
  return text.length;
}

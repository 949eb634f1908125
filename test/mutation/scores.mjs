const killed = ['Killed', 'RuntimeError', 'CompileError'];

/**
 * Whether a mutant only empties words that people read: a text with a space between letters, or what stands between the items of a list.
 * Such a message may be reworded at any time; the name of an error, a state or a file is one word, and counts.
 */
function isWording({ mutatorName, location: { start, end } }, source) {
  if (mutatorName !== 'StringLiteral') return false;
  const text = textBetween(source, start, end);
  return /[\w,;:)}] +[\w({$`'<—-]/.test(text) || /^(['"`])(, | and |; |: | )\1$/.test(text);
}

const counted = (file) =>
  (file?.mutants ?? []).filter((one) => one.status !== 'Ignored' && !isWording(one, file.source));

/** Mutants of a file by what became of them. One that never came to an end counts, and is told apart: a busy machine can look like it. */
export function scoreOf(file) {
  const mutants = counted(file);
  const dead = mutants.filter(({ status }) => killed.includes(status)).length;
  const endless = mutants.filter(({ status }) => status === 'Timeout').length;
  const all = mutants.length;
  return { mutants: all, dead: dead + endless, endless, percent: all === 0 ? 100 : (100 * (dead + endless)) / all };
}

export function scoreLine(name, file) {
  const { mutants, dead, endless, percent } = scoreOf(file);
  const of = endless === 0 ? '' : ` (${endless} of them never ended)`;
  return `${percent.toFixed(1).padStart(5)} %  ${dead}/${mutants}${of}  ${name}`;
}

/** `LINE:COLUMN mutator: before → after` of each mutant that no test noticed. */
export function survivors(file) {
  return counted(file)
    .filter(({ status }) => status === 'Survived' || status === 'NoCoverage')
    .map(({ location: { start, end }, mutatorName, replacement, status }) => {
      const before = textBetween(file.source, start, end);
      return `${start.line}:${start.column} ${mutatorName}${status === 'NoCoverage' ? ' (no test gets there)' : ''}: ${short(before)} → ${short(replacement ?? '')}`;
    });
}

function textBetween(source, start, end) {
  const lines = source.split('\n').slice(start.line - 1, end.line);
  lines[lines.length - 1] = lines.at(-1).slice(0, end.column - 1);
  lines[0] = lines[0].slice(start.column - 1);
  return lines.join(' ');
}

const short = (text) => {
  const line = text.replace(/\s+/g, ' ');
  return line.length > 70 ? `${line.slice(0, 67)}…` : line;
};

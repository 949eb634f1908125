const killed = ['Killed', 'Timeout', 'RuntimeError', 'CompileError'];

/** Mutants of a file by what became of them. */
export function scoreOf(file) {
  const mutants = (file?.mutants ?? []).filter(({ status }) => status !== 'Ignored');
  const dead = mutants.filter(({ status }) => killed.includes(status)).length;
  return { mutants: mutants.length, dead, percent: mutants.length === 0 ? 100 : (100 * dead) / mutants.length };
}

export function scoreLine(name, file) {
  const { mutants, dead, percent } = scoreOf(file);
  return `${percent.toFixed(1).padStart(5)} %  ${dead}/${mutants}  ${name}`;
}

/** `LINE:COLUMN mutator: before → after` of each mutant that no test noticed. */
export function survivors(file) {
  return (file?.mutants ?? [])
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

import { lookups } from './bash.ts';
import type { OptionWords, VerbWords } from './words.ts';

const quoted = (text: string) =>
  text.replaceAll("'", "'\\''").replaceAll('[', '\\[').replaceAll(']', '\\]').replaceAll(':', '\\:');

const actions = {
  file: '_files',
  folder: '_files -/',
  target: '_switchback_targets',
  phase: '_switchback_phases',
} as const;

function spec({ flags, description, takesValue, value }: OptionWords): string[] {
  const argument = takesValue ? `:value:${value ? actions[value] : ' '}` : '';
  return flags.map((flag) => `'${flag}[${quoted(description)}]${argument}'`);
}

/** A completion script for zsh. */
export function zshScript(verbs: readonly VerbWords[]): string {
  const cases = verbs.map((verb) => {
    const specs = verb.options.flatMap(spec);
    const rest = verb.arguments.length > 0 ? `'1:word:(${verb.arguments.join(' ')})'` : `'*:file:_files'`;
    return `    ${verb.name}) _arguments ${[...specs, rest].join(' ')} ;;`;
  });
  return `#compdef switchback
# zsh completion for switchback: eval "$(switchback completion zsh)"
_switchback_targets() { compadd -- \${(f)"$(${lookups.target})"} }
_switchback_phases() { compadd -- baseline previous \${(f)"$(${lookups.phase})"} }
_switchback() {
  local -a verbs
  verbs=(
${verbs.map((verb) => `    '${verb.name}:${quoted(verb.summary)}'`).join('\n')}
  )
  if (( CURRENT == 2 )); then
    _describe verb verbs
    return
  fi
  local verb="$words[2]"
  shift words
  (( CURRENT-- ))
  case "$verb" in
${cases.join('\n')}
  esac
}
compdef _switchback switchback
`;
}

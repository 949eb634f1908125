import type { VerbWords } from './words.ts';

/** Words that are looked up when the key is pressed: by the shell alone, since starting Node takes too long for a key. */
export const lookups = {
  target: 'ls "${SWITCHBACK_HOME:-$HOME/.switchback}/targets" 2>/dev/null',
  // Phases stand in the plan as "- id: NAME".
  phase: "sed -n 's/^ *- *id: *\\([A-Za-z0-9_-]*\\).*/\\1/p' switchback.yml 2>/dev/null",
} as const;

/** A completion script for bash 3.2 and newer, which macOS still has. */
export function bashScript(verbs: readonly VerbWords[]): string {
  const flagCases = verbs.map((verb) => {
    const words = [...verb.arguments, ...verb.options.flatMap((option) => option.flags), '--help'].join(' ');
    return `    ${verb.name}) words="${words}" ;;`;
  });
  const byKind = (kind: string) =>
    [
      ...new Set(
        verbs.flatMap((verb) =>
          verb.options.filter((option) => option.value === kind).flatMap((option) => option.flags),
        ),
      ),
    ].join('|');
  return `# bash completion for switchback: eval "$(switchback completion bash)"
_switchback() {
  local cur prev verb words
  cur="\${COMP_WORDS[COMP_CWORD]}"
  prev="\${COMP_WORDS[COMP_CWORD-1]}"
  verb="\${COMP_WORDS[1]}"
  case "$prev" in
    ${byKind('file')}) COMPREPLY=($(compgen -f -- "$cur")); return ;;
    ${byKind('folder')}) COMPREPLY=($(compgen -d -- "$cur")); return ;;
    ${byKind('target')}) COMPREPLY=($(compgen -W "$(${lookups.target})" -- "$cur")); return ;;
    ${byKind('phase')}) COMPREPLY=($(compgen -W "baseline previous $(${lookups.phase})" -- "$cur")); return ;;
  esac
  if [ "$COMP_CWORD" -eq 1 ]; then
    COMPREPLY=($(compgen -W "${verbs.map((verb) => verb.name).join(' ')} --help --version" -- "$cur"))
    return
  fi
  case "$verb" in
${flagCases.join('\n')}
    *) words="--help" ;;
  esac
  COMPREPLY=($(compgen -W "$words" -- "$cur"))
  # Arguments of lint, plan and start are files.
  case "$verb" in lint|plan|start|init) [ "\${cur#-}" = "$cur" ] && COMPREPLY+=($(compgen -f -- "$cur")) ;; esac
}
complete -F _switchback switchback
`;
}

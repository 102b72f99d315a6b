/** Shells that a script can be had for. */
export const SHELLS = ["bash", "zsh", "fish"] as const;
export type Shell = (typeof SHELLS)[number];

/*
 * Each script hands the words over to `swy __complete`, which knows the rest. They are for a person's own shell, and
 * the only shell code there is.
 */

/** @see bash(1), Programmable Completion */
const BASH = `# swy completion for bash:  source <(swy completion bash)
_swy() {
  local line
  COMPREPLY=()
  while IFS= read -r line; do
    COMPREPLY+=("\${line%%$'\\t'*}")
  done < <("\${COMP_WORDS[0]}" __complete "\${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null)
}
complete -o default -F _swy swy switchyard
`;

/** @see zshcompsys(1), _describe */
const ZSH = `#compdef swy switchyard
# swy completion for zsh:  source <(swy completion zsh)
_swy() {
  local -a found
  local value summary
  while IFS=$'\\t' read -r value summary; do
    found+=("\${value//:/\\\\:}:\${summary}")
  done < <("\${words[1]}" __complete "\${(@)words[2,CURRENT]}" 2>/dev/null)
  _describe 'swy' found
}
compdef _swy swy switchyard
`;

/** @see fish complete(1), commandline(1) */
const FISH = `# swy completion for fish:  swy completion fish | source
function __swy_complete
  set -l words (commandline -opc)
  $words[1] __complete $words[2..-1] (commandline -ct) 2>/dev/null
end
complete -c swy -f -a '(__swy_complete)'
complete -c switchyard -f -a '(__swy_complete)'
`;

export const COMPLETION_SCRIPTS: Readonly<Record<Shell, string>> = {
  bash: BASH,
  zsh: ZSH,
  fish: FISH,
};

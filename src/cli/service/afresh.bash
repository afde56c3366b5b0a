# Completion for bash: what `afresh --help` and `afresh COMMAND --help` say.
_afresh()
{
    local current=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD - 1]} command= word
    for word in "${COMP_WORDS[@]:1:COMP_CWORD-1}"; do
        [[ $word == -* ]] || { command=$word; break; }
    done
    case $before in
    --format) COMPREPLY=($(compgen -W 'raw json header env exec-credential git-credential' -- "$current")); return ;;
    --config | --write-file | -o | --output) COMPREPLY=($(compgen -f -- "$current")); return ;;
    esac
    if [[ $current == -* ]]; then
        COMPREPLY=($(compgen -W "$(afresh $command --help 2>/dev/null | grep -oE -- '--[a-z][a-z-]*')" -- "$current"))
    elif [[ -z $command ]]; then
        COMPREPLY=($(compgen -W "$(afresh --help | sed -n '/^Subcommands:/,$s/^  \([a-z]*\).*/\1/p')" -- "$current"))
    elif [[ $command == config ]]; then
        COMPREPLY=($(compgen -W check -- "$current"))
    else
        COMPREPLY=($(compgen -W "$(afresh --json status 2>/dev/null | grep -oE '"profile":"[^"]*' | cut -d'"' -f4)" -- "$current"))
    fi
}
complete -F _afresh afresh

#!/bin/sh
# Each command has a page that names each of its options. Usage: commands_documented.sh AFRESH DOCS
set -eu
afresh=$1 docs=$2
commands=$("$afresh" --help | sed '1,/^Subcommands:/d; s/^  \([a-z]*\).*/\1/; /^$/d')
[ "$(echo "$commands" | wc -l)" -ge 12 ] || { echo "few commands: $commands" >&2; exit 1; }
missing=$(for c in $commands; do
    case $c in
    gateway) page=gateway.md ;;
    config) page=commands/config_check.md ;;
    *) page=commands/$c.md ;;
    esac
    [ -f "$docs/$page" ] || { echo "$c has no page $page"; continue; }
    grep -q "]($page)" "$docs/command.md" || echo "command.md does not lead to $page"
    "$afresh" "$c" --help | grep -oE '^ +(-[A-Za-z],)?--[a-z-]+' | grep -oE -- '--[a-z-]+' | while read -r option; do
        [ "$option" = --help ] || grep -q -e "$option" "$docs/$page" || echo "$page says nothing of $option"
    done
done)
[ -z "$missing" ] || { echo "$missing" >&2; exit 1; }

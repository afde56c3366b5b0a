#!/bin/sh
# What the pages link to is there. Usage: links.sh [ROOT]
set -eu
cd "${1-$(dirname "$0")/../..}"
find . -name .git -prune -o -name node_modules -prune -o -path './build*' -prune -o -name '*.md' -print |
    while read -r page; do
        grep -oE '\]\([^)# ]+' "$page" | cut -c3- | grep -E '[./]' | grep -vE '^[a-z]+:' | while read -r link; do
            [ -e "$(dirname "$page")/$link" ] || echo "$page: there is no $link"
        done
    done | { ! grep . >&2; }

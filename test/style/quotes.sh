#!/bin/sh
# What README.md and docs/*.md show is compiled: a fenced block after the comment
#     <!-- quote: examples/first_token.cpp#region -->
# equals the lines between `//[region` and `//]` of that file, dedented (`#[region` and `#]` in CMake and sh).
# A block marked cpp without such a comment fails. `-i` rewrites the blocks instead. Usage: quotes.sh [-i] [ROOT]
set -eu
rewrite=0
if [ "${1-}" = -i ]; then
    rewrite=1
    shift
fi
cd "${1-$(dirname "$0")/../..}"
status=0
for page in README.md docs/*.md; do
    [ -f "$page" ] || continue
    if ! awk -v page="$page" -v rewrite=$rewrite '
        function complain(what) { print page ":" NR ": " what > "/dev/stderr"; bad = 1 }
        # The text of a region, or the reason in `missing`.
        function region(path, name,    line, inside, n, lines, i, indent, least, text) {
            missing = ""; n = 0; inside = 0; least = -1; found = 0
            while ((more = (getline line < path)) > 0) {
                if (line ~ /^[ \t]*(\/\/|#)\[/) {
                    sub(/^[ \t]*(\/\/|#)\[/, "", line)
                    if (inside) inside++
                    else if (line == name) { inside = 1; found = 1 }
                } else if (line ~ /^[ \t]*(\/\/|#)\]/) {
                    if (inside) inside--
                } else if (inside) lines[++n] = line
            }
            close(path)
            if (more < 0) missing = "no such file: " path
            else if (!found) missing = "no region " name " in " path
            else if (inside) missing = "region " name " in " path " is not closed"
            for (i = 1; i <= n; i++) if (lines[i] ~ /[^ \t]/) {
                match(lines[i], /^ */)
                if (least < 0 || RLENGTH < least) least = RLENGTH
            }
            text = ""
            for (i = 1; i <= n; i++) text = text substr(lines[i], least + 1) "\n"
            return text
        }
        function out(line) { if (rewrite) printf "%s\n", line > (page ".new") }
        /^<!-- quote: [^#]+#[^ ]+ -->$/ && !fenced {
            split($3, part, "#"); quoted = region(part[1], part[2]); pending = 1
            if (missing != "") complain(missing)
            out($0); next
        }
        /^```/ && !fenced {
            fenced = 1; shown = ""; compared = pending; pending = 0
            if (!compared && $0 ~ /^```cpp/) complain("C++ that is not quoted from a compiled file")
            out($0)
            if (compared && rewrite) printf "%s", quoted > (page ".new")
            next
        }
        /^```/ && fenced {
            fenced = 0
            if (compared && shown != quoted && !rewrite)
                complain("differs from " part[1] "#" part[2] ", which says:\n" quoted)
            out($0); next
        }
        fenced { shown = shown $0 "\n"; if (!compared) out($0); next }
        pending && /[^ \t]/ { complain("a quote comment without a fenced block below it"); pending = 0 }
        { out($0) }
        END { if (fenced) complain("a fenced block is not closed"); exit bad }
    ' "$page"; then status=1; fi
    if [ $rewrite = 1 ] && [ -f "$page.new" ]; then
        if [ $status = 0 ]; then mv "$page.new" "$page"; else rm "$page.new"; fi
    fi
done
exit $status

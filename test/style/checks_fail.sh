#!/bin/sh
# The checks of this directory fail when they should. Usage: checks_fail.sh CMAKE
set -eu
here=$(cd "$(dirname "$0")" && pwd)
cmake=$1
root=$(mktemp -d)
trap 'rm -rf "$root"' EXIT
failures=0

# expect_failure DESCRIPTION TEXT COMMAND...: the command fails and names the fault.
expect_failure() {
    description=$1 text=$2
    shift 2
    if said=$("$@" 2>&1); then echo "not noticed: $description" >&2
    else case $said in *"$text"*) return 0 ;; *) printf 'another fault than: %s\n%s\n' "$description" "$said" >&2 ;; esac
    fi
    failures=$((failures + 1))
}
# layered FILE LINE TEXT: this line in this file is refused.
layered() {
    mkdir -p "$root/include/afresh" "$root/src"
    printf '#include <boost/asio/any_io_executor.hpp>\n' > "$root/include/afresh/with_asio.hpp"
    printf '#include <afresh/with_asio.hpp>\n' > "$root/include/afresh/indirect.hpp"
    "$cmake" -DROOT="$root" -P "$here/layering.cmake"
    mkdir -p "$(dirname "$root/$1")"
    printf '%s\n' "$2" > "$root/$1"
    expect_failure "$2 in $1" "$3" "$cmake" -DROOT="$root" -P "$here/layering.cmake"
    rm -r "$root/src" "$root/include"
}
# quoted REGION-FILE-TEXT PAGE-TEXT TEXT
quoted() {
    mkdir -p "$root/docs" "$root/examples"
    printf '%b' "$1" > "$root/examples/a.cpp"
    printf '%b' "$2" > "$root/docs/page.md"
    expect_failure "$2" "$3" sh "$here/quotes.sh" "$root"
}

layered src/core/a.cpp '#include <boost/asio/post.hpp>' core/a.cpp
layered src/core/a.cpp '#include <afresh/indirect.hpp>' 'includes Asio'
layered src/core/a.cpp 'auto now = std::chrono::steady_clock::now();' core/a.cpp
layered src/core/a.cpp 'std::mutex m;' core/a.cpp
layered src/core/a.cpp '#include "net/connect.hpp"' 'may include'
layered src/net/a.cpp '#include "source/service.hpp"' 'may include'
layered src/net/a.cpp '#include <afresh/token_source.hpp>' net/a.cpp
layered src/http/a.hpp '#include "client/authorized.hpp"' 'may include'
layered src/source/a.cpp '#include "net/connect.hpp"' 'may include'
layered src/source/a.cpp '#include <sqlite3.h>' source/a.cpp
layered src/unheard_of/a.cpp 'int a;' 'does not know'
layered include/afresh/a.hpp '#include <boost/beast/http.hpp>' include/afresh/a.hpp
layered include/afresh/a.hpp '#include <boost/asio/steady_timer.hpp>' include/afresh/a.hpp
layered include/afresh/a.hpp '#include "core/text.hpp"' include/afresh/a.hpp

region='//[r\n    int a;\n      int b;\n//]\n'
quoted "$region" '<!-- quote: examples/a.cpp#r -->\n```cpp\nint a;\nint b;\n```\n' 'differs from'
quoted "$region" '<!-- quote: examples/a.cpp#other -->\n```cpp\n```\n' 'no region other'
quoted "$region" '<!-- quote: examples/missing.cpp#r -->\n```cpp\n```\n' 'no such file'
quoted '//[r\nint a;\n' '<!-- quote: examples/a.cpp#r -->\n```cpp\nint a;\n```\n' 'not closed'
quoted "$region" '```cpp\nint a;\n```\n' 'not quoted'
quoted "$region" '<!-- quote: examples/a.cpp#r -->\nno block\n' 'without a fenced block'
printf '%b' '<!-- quote: examples/a.cpp#r -->\n```cpp\nint a;\n  int b;\n```\n' > "$root/docs/page.md"
sh "$here/quotes.sh" "$root"
printf '%b' '<!-- quote: examples/a.cpp#r -->\n```cpp\nold\n```\nafter\n' > "$root/docs/page.md"
sh "$here/quotes.sh" -i "$root"
sh "$here/quotes.sh" "$root"
grep -q '^after$' "$root/docs/page.md"

printf '[a page](missing.md)\n' > "$root/docs/page.md"
expect_failure 'a link that leads nowhere' missing.md sh "$here/links.sh" "$root"

mkdir -p "$root/src" "$root/include/afresh"
: > "$root/include/afresh/indirect.hpp"
printf '// TO%s: later\n' DO > "$root/src/a.cpp"
expect_failure 'a mark of unfinished work' 'src/a.cpp:1' sh "$here/unfinished.sh" "$root"
expect_failure 'a header that is not listed' afresh/indirect.hpp \
    "$cmake" -DROOT="$root" -DLISTED=afresh/with_asio.hpp -P "$here/headers_listed.cmake"
exit $((failures != 0))

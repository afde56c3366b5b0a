#include "flow/result_page.hpp"

namespace afresh::detail {
namespace {

std::string escaped(std::string_view text)
{
    std::string out;
    for (const char c : text) {
        switch (c) {
        case '&': out += "&amp;"; break;
        case '<': out += "&lt;"; break;
        case '>': out += "&gt;"; break;
        case '"': out += "&quot;"; break;
        case '\'': out += "&#39;"; break;
        default: out += c;
        }
    }
    return out;
}

// No script, no picture, nothing from elsewhere: the policy in the header forbids all of it but this style.
constexpr std::string_view style = R"(
:root{color-scheme:light dark}
body{margin:0;min-height:100vh;display:grid;place-items:center;font:17px/1.5 system-ui,sans-serif;background:#f4f5f7;color:#1c2430}
main{max-width:26rem;margin:1rem;padding:2.5rem;border-radius:1rem;background:#fff;box-shadow:0 1px 2px #0002,0 8px 32px #0001;text-align:center}
svg{width:4rem;height:4rem}
h1{margin:1rem 0 .5rem;font-size:1.5rem}
p{margin:.5rem 0;overflow-wrap:anywhere}
.note{color:#5b6675;font-size:.9rem}
@media(prefers-color-scheme:dark){body{background:#12161c;color:#e6eaf0}main{background:#1b212a}.note{color:#98a3b3}}
)";

constexpr std::string_view tick =
    R"(<svg viewBox="0 0 24 24" fill="none" stroke="#1a7f4b" stroke-width="2" stroke-linecap="round" stroke-linejoin="round" aria-hidden="true"><circle cx="12" cy="12" r="10"/><path d="m7.5 12.5 3 3 6-6.5"/></svg>)";
constexpr std::string_view cross =
    R"(<svg viewBox="0 0 24 24" fill="none" stroke="#b3261e" stroke-width="2" stroke-linecap="round" aria-hidden="true"><circle cx="12" cy="12" r="10"/><path d="m8.5 8.5 7 7m0-7-7 7"/></svg>)";

} // namespace

std::string result_page(std::string_view application, std::string_view why)
{
    const bool good = why.empty();
    const std::string name = escaped(application);
    const std::string title = good ? "You are signed in" : "You are not signed in";
    std::string page = "<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\"><meta name=\"viewport\" "
                       "content=\"width=device-width,initial-scale=1\"><title>";
    page.append(title).append("</title><style>").append(style).append("</style></head><body><main>");
    page.append(good ? tick : cross).append("<h1>").append(title).append("</h1>");
    if (good)
        page.append("<p>Go back to ").append(name).append(".</p>");
    else
        page.append("<p>").append(escaped(why)).append("</p><p>Go back to ").append(name).append(" and try again.</p>");
    page.append("<p class=\"note\">You can close this page.</p></main></body></html>\n");
    return page;
}

} // namespace afresh::detail

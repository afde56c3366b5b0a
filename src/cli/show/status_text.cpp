#include "cli/show/status_text.hpp"

#include <algorithm>
#include <chrono>

namespace afresh::cli {

std::string_view name_of(source_state state) noexcept
{
    switch (state) {
    case source_state::empty: return "empty";
    case source_state::fresh: return "fresh";
    case source_state::due: return "due";
    case source_state::refreshing: return "refreshing";
    case source_state::waiting: return "waiting";
    case source_state::refused: return "refused";
    case source_state::closed: return "closed";
    }
    return "";
}

std::string failure_text(const source_status& s)
{
    std::string text = s.last_failure.message();
    if (!s.last_diagnostics.error.empty()) text += " (" + s.last_diagnostics.error + ")";
    return text;
}

double seconds_left(const source_status& s)
{
    return std::chrono::duration<double>(*s.expires - std::chrono::system_clock::now()).count();
}

std::string words_of(const boost::system::system_error& e)
{
    std::string text = e.what();
    text.resize(std::min(text.size(), text.rfind(" [")));
    return text;
}

} // namespace afresh::cli

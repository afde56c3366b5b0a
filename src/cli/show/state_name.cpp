#include "cli/show/state_name.hpp"

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

} // namespace afresh::cli

#include "cli/demo/token_ledger.hpp"

#include <utility>

namespace afresh::cli {

token_ledger::token_ledger(std::chrono::seconds lifetime, name_maker make_name)
    : lifetime_(lifetime), make_name_(std::move(make_name)), current_(make_name_())
{
}

token_ledger::issued token_ledger::exchange(std::string_view refresh_token, time_point now)
{
    if (current_.empty() || refresh_token != current_) {
        ++statistics_.refused;
        if (spent_.contains(refresh_token)) {
            ++statistics_.reuse_events;
            revoke_grant();
        }
        return {};
    }
    std::erase_if(access_tokens_, [now](const auto& t) { return t.second <= now; });
    spent_.insert(std::exchange(current_, make_name_()));
    ++statistics_.rotations;
    issued tokens{true, make_name_(), current_};
    access_tokens_.emplace(tokens.access_token, now + lifetime_);
    return tokens;
}

bool token_ledger::accepts(std::string_view access_token, time_point now) const
{
    const auto found = access_tokens_.find(access_token);
    return found != access_tokens_.end() && now < found->second;
}

void token_ledger::revoke(std::string_view access_token)
{
    const auto found = access_tokens_.find(access_token);
    if (found != access_tokens_.end()) access_tokens_.erase(found);
}

void token_ledger::revoke_grant()
{
    current_.clear();
    access_tokens_.clear();
}

} // namespace afresh::cli

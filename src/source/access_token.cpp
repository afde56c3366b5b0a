#include "source/snapshot.hpp"

namespace afresh {

const detail::snapshot& access_token::data() const noexcept { return *ref_->token; }

const secret_string& access_token::value() const noexcept { return data().value; }
const std::string& access_token::type() const noexcept { return data().type; }
const std::string& access_token::scope() const noexcept { return data().scope; }
const secret_string& access_token::id_token() const noexcept { return data().id_token; }
std::uint64_t access_token::generation() const noexcept { return data().generation; }

std::optional<std::chrono::system_clock::time_point> access_token::expires_at() const noexcept
{
    return data().expires_at;
}

std::string access_token::authorization() const
{
    std::string text = type();
    text += ' ';
    text += value().reveal();
    return text;
}

} // namespace afresh

#include "net/body_text.hpp"

#include <afresh/secret_string.hpp>

#include <algorithm>

namespace afresh::net {
namespace {

constexpr std::size_t room_on_trust = 64 * 1024;
constexpr std::size_t trust = 16; // so that a body of an announced length hardly ever moves twice

} // namespace

body_text::~body_text() { wipe(text_); }

void body_text::announce(std::uint64_t length)
{
    most_ = static_cast<std::size_t>(std::min<std::uint64_t>(length, most_));
    times_ = trust;
    text_.reserve(std::min(most_, room_on_trust));
}

void body_text::append(std::string_view bytes)
{
    if (bytes.size() > text_.capacity() - text_.size()) grow(text_.size() + bytes.size());
    text_.append(bytes);
}

// As std::string would, but leaving no copy of a token behind in freed memory.
void body_text::grow(std::size_t size)
{
    std::string larger;
    larger.reserve(std::max(size, std::min(times_ * text_.capacity(), most_)));
    larger.append(text_);
    wipe(text_);
    text_.swap(larger);
}

} // namespace afresh::net

#include "http/answer.hpp"

#include <boost/system/system_error.hpp>

#include <utility>

namespace afresh::http {
namespace {

constexpr std::size_t decoded_piece = 64 * 1024;

} // namespace

answer::answer(connection_pool::slot slot, std::unique_ptr<net::conversation> talk)
    : slot_(std::move(slot)), talk_(std::move(talk)), status_(talk_->answer().status()),
      fields_(std::move(talk_->answer().fields()))
{
}

answer& answer::operator=(answer&& other) noexcept
{
    drop();
    slot_ = std::move(other.slot_);
    talk_ = std::move(other.talk_);
    decoder_ = std::move(other.decoder_);
    undecoded_ = std::move(other.undecoded_);
    ahead_ = std::move(other.ahead_);
    guard_ = other.guard_;
    status_ = other.status_;
    fields_ = std::move(other.fields_);
    return *this;
}

void answer::decode()
{
    if (!fields_.contains("Content-Encoding")) return;
    std::string codings;
    for (const std::string_view value : fields_.find_all("Content-Encoding")) (codings += value) += ',';
    auto made = make_content_decoder(codings);
    if (!made || !*made) return; // not known: the caller gets the body as it is, and the field that says how
    decoder_ = std::move(*made);
    fields_.erase("Content-Encoding");
    fields_.erase("Content-Length");
}

void answer::settle()
{
    const bool reusable = talk_->reusable();
    const auto kept_for = talk_->answer().keep_alive_for();
    talk_.reset(); // wipes what is left in the connection's buffer, before others get that
    if (reusable)
        slot_.keep(kept_for);
    else
        slot_ = {};
}

void answer::drop()
{
    talk_.reset();
    slot_ = {};
    decoder_.reset();
    ahead_.clear();
    undecoded_.clear();
}

// As it comes over the connection.
asio::awaitable<error_code> answer::receive(std::string& piece)
{
    piece.clear();
    if (!ahead_.empty()) {
        piece.swap(ahead_);
        co_return error_code();
    }
    if (!talk_) co_return error_code();
    net::response_reader& reader = talk_->answer();
    if (reader.body().empty() && !reader.is_done()) {
        const error_code ec = co_await talk_->receive(net::conversation::until::some_body);
        if (ec) {
            drop();
            co_return ec;
        }
    }
    piece.swap(reader.body());
    if (reader.is_done()) settle();
    co_return error_code();
}

asio::awaitable<error_code> answer::read_some(std::string& piece)
{
    if (!decoder_) co_return co_await receive(piece);
    piece.clear();
    for (;;) {
        if (undecoded_.empty()) {
            const error_code ec = co_await receive(undecoded_);
            if (ec) co_return ec;
        }
        const bool last = undecoded_.empty();
        const error_code ec = decoded(undecoded_, piece);
        if (ec) {
            drop();
            co_return ec;
        }
        if (last && piece.empty()) decoder_.reset();
        if (!piece.empty() || last) co_return error_code();
    }
}

// One piece of output; what was not used of the input stays.
error_code answer::decoded(std::string& from, std::string& out)
{
    const bool last = from.empty();
    out.resize(decoded_piece);
    const auto step = decoder_->decode(from, out.data(), out.size());
    out.resize(step.made);
    from.erase(0, step.taken);
    if (step.ec) return step.ec;
    if (!guard_.add(step.taken, step.made)) return errc::body_limit;
    if (last && step.made == 0 && !decoder_->is_complete() && guard_.any()) return errc::malformed_encoding;
    return {};
}

asio::awaitable<error_code> answer::read_all(std::string& body, std::size_t most)
{
    if (talk_ && !decoder_ && ahead_.empty() && talk_->limits().body <= most) { // the usual: no piece is copied
        net::response_reader& reader = talk_->answer();
        error_code ec;
        if (!reader.is_done()) ec = co_await talk_->receive(net::conversation::until::end);
        if (ec) {
            drop();
            co_return ec;
        }
        body.swap(reader.body());
        settle();
        co_return error_code();
    }
    std::string piece;
    do {
        const error_code ec = co_await read_some(piece);
        if (ec) co_return ec;
        if (body.size() + piece.size() > most) {
            drop();
            co_return errc::body_limit;
        }
        body += piece;
    } while (!piece.empty());
    co_return error_code();
}

asio::awaitable<bool> answer::read_ahead(std::size_t most, std::chrono::milliseconds time)
{
    const auto until = net::clock::now() + time;
    net::response_reader* reader = talk_ ? &talk_->answer() : nullptr;
    while (talk_ && !reader->is_done() && reader->body().size() < most && net::clock::now() < until) {
        const error_code ec = co_await talk_->receive(net::conversation::until::some_body);
        if (ec) {
            drop();
            co_return false;
        }
    }
    if (!talk_) co_return true;
    if (!reader->is_done()) co_return false;
    ahead_.swap(reader->body());
    settle();
    co_return true;
}

} // namespace afresh::http

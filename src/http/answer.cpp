#include "http/answer.hpp"

#include <boost/system/system_error.hpp>

#include <utility>

namespace afresh::http {
namespace {

constexpr std::size_t decoded_piece = 64 * 1024;

} // namespace

void answer::begin(connection_pool::slot slot, std::unique_ptr<net::conversation> talk, net::clock::time_point now)
{
    slot_ = std::move(slot);
    talk_ = std::move(talk);
    net::response_reader& reader = talk_->answer();
    kept_for_ = reader.keep_alive_for();
    came_ = now;
    status_ = reader.status();
    fields_ = std::move(reader.fields());
}

answer& answer::operator=(answer&& other) noexcept
{
    drop();
    slot_ = std::move(other.slot_);
    talk_ = std::move(other.talk_);
    decoder_ = std::move(other.decoder_);
    undecoded_ = std::move(other.undecoded_);
    ahead_ = std::move(other.ahead_);
    kept_for_ = other.kept_for_;
    came_ = other.came_;
    more_inside_ = other.more_inside_;
    status_ = other.status_;
    fields_ = std::move(other.fields_);
    return *this;
}

error_code answer::decode(std::size_t most)
{
    if (!fields_.contains("Content-Encoding")) return {};
    if (talk_->answer().is_done() && talk_->answer().body().empty()) return {}; // HEAD, 304: about another body
    std::string codings;
    for (const std::string_view value : fields_.find_all("Content-Encoding")) (codings += value) += ',';
    codings.pop_back();
    decoding_limits limits;
    limits.most_output = most;
    decoder_choice choice = make_content_decoder(codings, limits);
    if (choice.what == decoding::refused) {
        drop();
        return errc::malformed_encoding;
    }
    if (choice.what != decoding::needed) return {}; // the caller gets it as it is, with the field that says how
    decoder_ = std::move(choice.decoder);
    fields_.erase("Content-Encoding");
    fields_.erase("Content-Length");
    return {};
}

void answer::settle()
{
    const bool reusable = talk_->reusable();
    talk_.reset(); // wipes what is left in the connection's buffer, before others get that
    if (reusable)
        slot_.keep(came_, kept_for_);
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

bool answer::take_piece(std::string& piece)
{
    piece.clear();
    if (!ahead_.empty()) {
        piece.swap(ahead_);
        return true;
    }
    if (!talk_) return true;
    net::response_reader& reader = talk_->answer();
    if (reader.body().empty() && !reader.is_done()) return false;
    piece.swap(reader.body());
    if (reader.is_done())
        settle();
    else
        talk_->hold_limit(); // the reader may take its time
    return true;
}

bool answer::try_read(std::string& piece) { return !decoder_ && take_piece(piece); }

// As it comes over the connection.
asio::awaitable<error_code> answer::receive(std::string& piece)
{
    if (take_piece(piece)) co_return error_code();
    const error_code ec = co_await talk_->receive(net::conversation::until::some_body);
    if (ec) {
        drop();
        co_return ec;
    }
    came_ = net::clock::now();
    take_piece(piece);
    co_return error_code();
}

asio::awaitable<error_code> answer::read_some(std::string& piece)
{
    if (!decoder_) co_return co_await receive(piece);
    piece.clear();
    while (piece.empty() && decoder_) {
        bool last = false;
        if (undecoded_.empty() && !more_inside_) {
            const error_code ec = co_await receive(undecoded_);
            if (ec) co_return ec;
            last = undecoded_.empty();
        }
        const error_code ec = last ? decoder_->finish() : decode_piece(piece);
        if (ec) {
            drop();
            co_return ec;
        }
        if (last) decoder_.reset();
    }
    co_return error_code();
}

error_code answer::decode_piece(std::string& piece)
{
    piece.resize(decoded_piece);
    const auto step = decoder_->decode(undecoded_, piece.data(), piece.size());
    more_inside_ = step.made == piece.size();
    piece.resize(step.made);
    undecoded_.erase(0, step.taken);
    return step.ec;
}

bool answer::comes_in_one_piece(std::size_t most) const noexcept
{
    return talk_ && !decoder_ && ahead_.empty() && talk_->limits().body <= most;
}

bool answer::take_all(std::string& body, std::size_t most)
{
    if (!comes_in_one_piece(most) || !talk_->answer().is_done()) return false;
    body.swap(talk_->answer().body());
    settle();
    return true;
}

asio::awaitable<error_code> answer::read_all(std::string& body, std::size_t most)
{
    if (comes_in_one_piece(most) && !talk_->answer().is_done()) { // the usual: no piece is copied
        const error_code ec = co_await talk_->receive(net::conversation::until::end);
        if (ec) {
            drop();
            co_return ec;
        }
        came_ = net::clock::now();
    }
    if (take_all(body, most)) co_return error_code();
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
        came_ = net::clock::now();
    }
    if (!talk_) co_return true;
    if (!reader->is_done()) co_return false;
    ahead_.swap(reader->body());
    settle();
    co_return true;
}

} // namespace afresh::http

// A record as one line of JSON. Written here by hand, so that all of it is in one buffer that is wiped, and read by
// Boost.JSON into memory that is wiped.
//
// What is read must be, byte for byte, what to_text() would write: that is how unknown members, repeated members,
// another spelling, and (by the sum) a flipped bit in a token are all refused without a rule for each.

#include <afresh/chain_record.hpp>

#include <boost/container/pmr/memory_resource.hpp>
#include <boost/json.hpp>
#include <boost/system/error_code.hpp>

#include <array>
#include <charconv>
#include <cstdint>
#include <new>
#include <string.h>
#include <utility>

namespace afresh {
namespace {

namespace json = boost::json;

constexpr std::array<std::string_view, 3> state_names{"live", "dead", "signed_out"};

// --- writing ---

// FNV-1a. Tells an accident of a disk from a record, not an attacker, who could as well write a new sum.
std::uint64_t sum_of(std::string_view text)
{
    std::uint64_t h = 0xcbf29ce484222325;
    for (const char c : text) h = (h ^ static_cast<unsigned char>(c)) * 0x100000001b3;
    return h;
}

std::string hex(std::uint64_t value)
{
    std::string out(16, '0');
    for (std::size_t i = 16; i-- > 0; value >>= 4) out[i] = "0123456789abcdef"[value & 15];
    return out;
}

// Strings of a record are bytes: each one that is not printable ASCII is written as \u00XX, so every record has a text.
class writer {
public:
    explicit writer(std::string& out) : out_(out) {}

    void raw(std::string_view text) { out_ += text; }
    void text(std::string_view name, std::string_view value)
    {
        member(name);
        quoted(value);
    }
    template <class Integer>
    void number(std::string_view name, Integer value)
    {
        member(name);
        std::array<char, 24> digits{};
        const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), value).ptr;
        out_.append(digits.data(), end);
    }
    void time(std::string_view name, store_time value) { number(name, nanoseconds(value)); }
    void quoted(std::string_view value)
    {
        out_ += '"';
        for (const char c : value) {
            const auto byte = static_cast<unsigned char>(c);
            if (c == '"' || c == '\\')
                (out_ += '\\') += c;
            else if (byte >= 0x20 && byte < 0x7f)
                out_ += c;
            else
                ((out_ += "\\u00") += "0123456789abcdef"[byte >> 4]) += "0123456789abcdef"[byte & 15];
        }
        out_ += '"';
    }
    void member(std::string_view name)
    {
        if (out_.back() != '{') out_ += ',';
        ((out_ += '"') += name) += "\":";
    }

private:
    static std::int64_t nanoseconds(store_time t)
    {
        return std::chrono::duration_cast<std::chrono::nanoseconds>(t.time_since_epoch()).count();
    }
    std::string& out_;
};

void write(writer& w, const stored_token& t)
{
    w.raw("{");
    w.text("scope", t.scope);
    w.text("resource", t.resource);
    w.text("dpop_jkt", t.dpop_jkt);
    w.text("access_token", t.access_token.reveal());
    w.text("id_token", t.id_token.reveal());
    w.text("token_type", t.token_type);
    w.text("granted_scope", t.granted_scope);
    w.time("obtained_at", t.obtained_at);
    if (t.expires_at) w.time("expires_at", *t.expires_at);
    w.number("generation", t.generation);
    w.raw("}");
}

void write(writer& w, const dpop_binding& b)
{
    w.member("dpop");
    w.raw("{");
    w.text("jkt", b.jkt);
    w.text("algorithm", b.algorithm);
    w.text("key", b.key.reveal());
    w.text("nonce", b.nonce);
    w.raw("}");
}

void write(writer& w, const chain_record& r)
{
    w.raw("{");
    w.number("generation", r.generation);
    w.text("state", state_names.at(static_cast<std::size_t>(r.state)));
    w.text("refresh_token", r.refresh_token.reveal());
    w.text("rt_hash", r.rt_hash);
    if (!r.dpop.jkt.empty()) write(w, r.dpop);
    if (!r.session.empty()) w.text("session", r.session);
    if (r.refresh_expires_at) w.time("refresh_expires_at", *r.refresh_expires_at);
    w.text("seed_hash", r.seed_hash);
    w.member("other_seeds");
    w.raw("[");
    for (const std::string& s : r.other_seeds) {
        if (&s != r.other_seeds.data()) w.raw(",");
        w.quoted(s);
    }
    w.raw("]");
    w.member("tokens");
    w.raw("[");
    for (const stored_token& t : r.tokens) {
        if (&t != r.tokens.data()) w.raw(",");
        write(w, t);
    }
    w.raw("]");
    w.member("intent");
    w.raw("{");
    w.text("rt_hash", r.intent.rt_hash);
    w.time("first_sent_at", r.intent.first_sent_at);
    w.number("attempts", r.intent.attempts);
    w.member("in_doubt");
    w.raw(r.intent.in_doubt ? "true" : "false");
    w.raw("}");
    w.member("lease");
    w.raw("{");
    w.text("owner", r.holder.owner);
    w.number("fence", r.holder.fence);
    w.time("until", r.holder.until);
    w.raw("}");
    w.time("not_before", r.not_before);
    w.number("retry_in", r.retry_in.count());
    w.text("last_cause", r.last_cause);
    w.raw("}");
}

// At least what the text needs, so that the buffer never moves and leaves a copy behind.
std::size_t room_for(const chain_record& r)
{
    std::size_t bytes = r.refresh_token.size() + r.rt_hash.size() + r.seed_hash.size() + r.intent.rt_hash.size() +
                        r.holder.owner.size() + r.last_cause.size() + r.dpop.jkt.size() + r.dpop.algorithm.size() +
                        r.dpop.key.size() + r.dpop.nonce.size() + r.session.size();
    for (const std::string& s : r.other_seeds) bytes += s.size() + 1;
    for (const stored_token& t : r.tokens)
        bytes += t.scope.size() + t.resource.size() + t.dpop_jkt.size() + t.access_token.size() + t.id_token.size() +
                 t.token_type.size() + t.granted_scope.size() + 64;
    return 1024 + 6 * bytes;
}

// --- reading ---

// Boost.JSON asks for no more than the usual alignment. (1.81 allocates an object's keys with one and frees them with
// another, so the aligned forms of new and delete would not match.)
class wiping_resource final : public boost::container::pmr::memory_resource {
    void* do_allocate(std::size_t n, std::size_t) override { return ::operator new(n); }
    void do_deallocate(void* p, std::size_t n, std::size_t) override
    {
        explicit_bzero(p, n);
        ::operator delete(p);
    }
    bool do_is_equal(const boost::container::pmr::memory_resource& other) const noexcept override
    {
        return this == &other;
    }
};

// The reverse of writer: the code points up to U+00FF are bytes. Others cannot come from to_text().
void assign(std::string& to, const json::value& from)
{
    const json::string& text = from.as_string();
    to.clear();
    to.reserve(text.size());
    for (std::size_t i = 0; i < text.size(); ++i) {
        const auto c = static_cast<unsigned char>(text[i]);
        if (c < 0x80)
            to += text[i];
        else // Boost.JSON has checked that this is valid UTF-8
            to += static_cast<char>((c & 0x03) << 6 | (static_cast<unsigned char>(text.at(++i)) & 0x3f));
    }
}
void assign(secret_string& to, const json::value& from)
{
    std::string text;
    assign(text, from);
    to = text;
    wipe(text);
}
void assign(store_time& to, const json::value& from)
{
    to = store_time(std::chrono::duration_cast<store_time::duration>(std::chrono::nanoseconds(from.as_int64())));
}
void assign(std::chrono::milliseconds& to, const json::value& from)
{
    to = std::chrono::milliseconds(from.to_number<std::int64_t>());
}
void assign(std::uint64_t& to, const json::value& from) { to = from.to_number<std::uint64_t>(); }
void assign(std::uint32_t& to, const json::value& from) { to = from.to_number<std::uint32_t>(); }
void assign(bool& to, const json::value& from) { to = from.as_bool(); }

stored_token read_token(const json::object& o)
{
    stored_token t;
    assign(t.scope, o.at("scope"));
    assign(t.resource, o.at("resource"));
    assign(t.dpop_jkt, o.at("dpop_jkt"));
    assign(t.access_token, o.at("access_token"));
    assign(t.id_token, o.at("id_token"));
    assign(t.token_type, o.at("token_type"));
    assign(t.granted_scope, o.at("granted_scope"));
    assign(t.obtained_at, o.at("obtained_at"));
    if (const json::value* v = o.if_contains("expires_at")) assign(t.expires_at.emplace(), *v);
    assign(t.generation, o.at("generation"));
    return t;
}

dpop_binding read_binding(const json::object& o)
{
    dpop_binding b;
    assign(b.jkt, o.at("jkt"));
    assign(b.algorithm, o.at("algorithm"));
    assign(b.key, o.at("key"));
    assign(b.nonce, o.at("nonce"));
    return b;
}

chain_record read_record(const json::object& o)
{
    chain_record r;
    assign(r.generation, o.at("generation"));
    const json::string& state = o.at("state").as_string();
    for (std::size_t i = 0; i < state_names.size(); ++i)
        if (state_names[i] == std::string_view(state)) r.state = static_cast<grant_state>(i);
    assign(r.refresh_token, o.at("refresh_token"));
    assign(r.rt_hash, o.at("rt_hash"));
    if (const json::value* v = o.if_contains("dpop")) r.dpop = read_binding(v->as_object());
    if (const json::value* v = o.if_contains("session")) assign(r.session, *v);
    if (const json::value* v = o.if_contains("refresh_expires_at")) assign(r.refresh_expires_at.emplace(), *v);
    assign(r.seed_hash, o.at("seed_hash"));
    for (const json::value& v : o.at("other_seeds").as_array()) assign(r.other_seeds.emplace_back(), v);
    for (const json::value& v : o.at("tokens").as_array()) r.tokens.push_back(read_token(v.as_object()));
    const json::object& intent = o.at("intent").as_object();
    assign(r.intent.rt_hash, intent.at("rt_hash"));
    assign(r.intent.first_sent_at, intent.at("first_sent_at"));
    assign(r.intent.attempts, intent.at("attempts"));
    assign(r.intent.in_doubt, intent.at("in_doubt"));
    const json::object& holder = o.at("lease").as_object();
    assign(r.holder.owner, holder.at("owner"));
    assign(r.holder.fence, holder.at("fence"));
    assign(r.holder.until, holder.at("until"));
    assign(r.not_before, o.at("not_before"));
    assign(r.retry_in, o.at("retry_in"));
    assign(r.last_cause, o.at("last_cause"));
    return r;
}

} // namespace

secret_string to_text(const chain_record& record)
{
    std::string body;
    body.reserve(room_for(record));
    writer into_body(body);
    write(into_body, record);
    std::string all;
    all.reserve(body.size() + 64);
    writer into_all(all);
    into_all.raw("{");
    into_all.number("v", 1);
    into_all.text("sum", hex(sum_of(body)));
    into_all.member("record");
    into_all.raw(body);
    into_all.raw("}");
    secret_string text(all);
    wipe(body);
    wipe(all);
    return text;
}

result<chain_record> parse_chain_record(std::string_view text)
{
    wiping_resource memory;
    try {
        boost::system::error_code ec;
        const json::value whole = json::parse(text, ec, &memory);
        if (ec) return make_error_code(errc::store_failed);
        chain_record record = read_record(whole.as_object().at("record").as_object());
        if (to_text(record).reveal() != text) return make_error_code(errc::store_failed);
        return record;
    } catch (const std::bad_alloc&) {
        throw;
    } catch (const std::exception&) { // a member missing or of another type
        return make_error_code(errc::store_failed);
    }
}

} // namespace afresh

#include "support/fault_server.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cctype>
#include <stdexcept>
#include <string_view>
#include <utility>

namespace afresh::test {
namespace {

using std::chrono::milliseconds;

struct form {
    std::string query;
    std::string body; // empty: it never came
};

// One request with a Content-Length: enough for a client that is under test elsewhere.
form read_form(int socket)
{
    std::string text;
    char buffer[4096];
    for (;;) {
        const std::size_t end = text.find("\r\n\r\n");
        if (end != std::string::npos) {
            std::string head = text.substr(0, end);
            std::transform(head.begin(), head.end(), head.begin(), [](unsigned char c) { return std::tolower(c); });
            const std::size_t at = head.find("content-length: ");
            const std::size_t length = at == std::string::npos ? 0 : std::stoul(head.substr(at + 16));
            const std::size_t asks = head.find('?');
            const std::string query =
                asks > head.find("\r\n") ? "" : head.substr(asks + 1, head.find(' ', asks) - asks - 1);
            if (text.size() >= end + 4 + length) return {query, text.substr(end + 4, length)};
        }
        const ssize_t n = ::recv(socket, buffer, sizeof buffer, 0);
        if (n <= 0) return {};
        text.append(buffer, static_cast<std::size_t>(n));
    }
}

std::string text_of(const afresh::http_response& response)
{
    return "HTTP/1.1 " + std::to_string(response.status()) +
           " x\r\nContent-Type: application/json\r\nContent-Length: " + std::to_string(response.body().size()) +
           "\r\nConnection: close\r\n\r\n" + response.body();
}

std::string plain(int status, const std::string& fields)
{
    return "HTTP/1.1 " + std::to_string(status) + " x\r\n" + fields + "Content-Length: 0\r\nConnection: close\r\n\r\n";
}

bool send_all(int socket, std::string_view text)
{
    while (!text.empty()) {
        const ssize_t n = ::send(socket, text.data(), text.size(), MSG_NOSIGNAL);
        if (n <= 0) return false;
        text.remove_prefix(static_cast<std::size_t>(n));
    }
    return true;
}

// The client has read the answer to its end, and closed: what is only in a socket's buffer dies with its reader.
bool was_read(int socket)
{
    ::shutdown(socket, SHUT_WR);
    char c;
    pollfd p{socket, POLLIN, 0};
    return ::poll(&p, 1, 5000) == 1 && ::recv(socket, &c, 1, 0) == 0;
}

void slam(int socket)
{
    const linger none{1, 0};
    ::setsockopt(socket, SOL_SOCKET, SO_LINGER, &none, sizeof none);
}

std::string parameter(const std::string& body, const std::string& name)
{
    const std::size_t at = body.find(name + '=');
    if (at == std::string::npos) return {};
    const std::size_t from = at + name.size() + 1;
    return body.substr(from, body.find('&', from) - from);
}

} // namespace

fault_server::fault_server(std::uint64_t seed, simulation::server_habits habits, rates r)
    : listener_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)), chance_(seed), brain_(seed + 1), rates_(r)
{
    brain_.habits = std::move(habits);
    sockaddr_in a{};
    a.sin_family = AF_INET;
    a.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof a;
    if (::bind(listener_, reinterpret_cast<sockaddr*>(&a), size) != 0 || ::listen(listener_, 256) != 0 ||
        ::getsockname(listener_, reinterpret_cast<sockaddr*>(&a), &size) != 0)
        throw std::runtime_error("fault_server");
    port_ = ntohs(a.sin_port);
    acceptor_ = std::thread([this] { accept_all(); });
}

fault_server::~fault_server()
{
    stopping_ = true;
    acceptor_.join();
    for (;;) {
        {
            const std::lock_guard lock(mutex_);
            if (active_ == 0) break;
        }
        std::this_thread::sleep_for(milliseconds(5));
    }
    ::close(listener_);
}

std::string fault_server::sign_in()
{
    const std::lock_guard lock(mutex_);
    ++ledger_.families;
    return brain_.refresh(brain_.sign_in(now()).refresh).text;
}

void fault_server::hurt(const std::string& life)
{
    const std::lock_guard lock(mutex_);
    hurt_.insert(life);
}

void fault_server::be_kind()
{
    const std::lock_guard lock(mutex_);
    rates_ = {};
}

fault_server::ledger fault_server::totals() const
{
    const std::lock_guard lock(mutex_);
    return ledger_;
}

void fault_server::accept_all()
{
    while (!stopping_) {
        pollfd p{listener_, POLLIN, 0};
        if (::poll(&p, 1, 20) != 1) continue;
        const int socket = ::accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
        if (socket < 0) continue;
        {
            const std::lock_guard lock(mutex_);
            ++active_;
        }
        std::thread([this, socket] {
            serve(socket);
            const std::lock_guard lock(mutex_);
            --active_;
        }).detach();
    }
}

// Under the mutex.
simulation::server_answer fault_server::process(const std::string& body, simulation::token_id refresh,
                                                std::size_t which)
{
    afresh::http_request request("POST", "/token");
    request.body(body);
    simulation::server_answer answer = brain_.token_request(request, now());
    presented_[refresh][which].processed = true;
    if (answer.success) ++ledger_.rotations;
    if (answer.refused) ++ledger_.refused;
    if (!answer.reused) return answer;
    ++ledger_.lost_families;
    // Somebody had used it before. Had that one its answer, and was it left alone since? Then nobody need have sent it.
    for (std::size_t i = 0; i < which; ++i) {
        const presentation& before = presented_[refresh][i];
        if (!before.answered || hurt_.count(before.life)) continue;
        ++ledger_.avoidable;
        ledger_.notes.push_back("refresh token " + std::to_string(refresh) + " was answered for " + before.life +
                                " and sent again by " + presented_[refresh][which].life);
    }
    return answer;
}

void fault_server::serve(int socket)
{
    const auto [query, body] = read_form(socket);
    std::unique_lock lock(mutex_);
    if (body.empty()) {
        ::close(socket);
        return;
    }
    ++ledger_.requests;
    const std::string life = parameter(query, "life");
    const simulation::token_id refresh = brain_.find_refresh(parameter(body, "refresh_token"));
    auto& all = presented_[refresh];
    for (const presentation& other : all)
        if (other.open && other.life != life && !hurt_.count(other.life)) {
            ++ledger_.overlaps;
            ledger_.notes.push_back("refresh token " + std::to_string(refresh) + " is sent by " + life + " while " +
                                    other.life + " is sending it");
        }
    const std::size_t which = all.size();
    const std::size_t losses = ledger_.lost_families;
    all.push_back({life});
    const rates& r = rates_;
    const bool unseen = chance_.chance(r.unseen), throttled = chance_.chance(r.throttled),
               failed = chance_.chance(r.failed);
    const bool late = chance_.chance(r.late), lost = chance_.chance(r.lost), torn = chance_.chance(r.torn);
    const milliseconds thinks(chance_.chance(r.slow) ? 20 + static_cast<int>(chance_.below(480)) : 0);
    const double part = chance_.unit();
    if (unseen || throttled || failed || late || lost || torn) ++ledger_.injected;

    std::string text;
    if (throttled) text = plain(429, "Retry-After: 1\r\n");
    if (failed) text = plain(503, "Retry-After: 1\r\n");
    const bool cut = unseen || late || lost;
    if (text.empty() && !unseen && !late) {
        lock.unlock();
        if (thinks.count() > 0) std::this_thread::sleep_for(thinks);
        lock.lock();
        text = text_of(process(body, refresh, which).response);
    }
    lock.unlock();
    bool answered = false;
    if (cut || torn) {
        if (torn)
            send_all(socket, std::string_view(text).substr(
                                 0, static_cast<std::size_t>(part * static_cast<double>(text.size() - 1))));
        slam(socket);
    } else {
        answered = send_all(socket, text) && was_read(socket);
    }
    ::close(socket);
    lock.lock();
    presented_[refresh][which].open = false;
    presented_[refresh][which].answered = answered && presented_[refresh][which].processed;
    if (answered) ++ledger_.answered;
    if (on_end) on_end(answered && !throttled && !failed, ledger_.lost_families > losses);
    if (!late) return;
    lock.unlock();
    std::this_thread::sleep_for(milliseconds(50 + static_cast<int>(part * 400)));
    lock.lock();
    process(body, refresh, which);
}

} // namespace afresh::test

#include "store/postgres_connection.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <libpq-fe.h>

#include <array>
#include <new>
#include <unistd.h>
#include <utility>

namespace afresh::store {

// Waits for libpq's socket, which stays libpq's: it is never closed here. A time limit and stop() end a wait.
class postgres_connection::socket {
public:
    using descriptor = asio::posix::stream_descriptor;

    socket(const asio::any_io_executor& executor, clock::time_point until) : state_(std::make_shared<state>(executor))
    {
        if (until == clock::time_point::max()) return;
        state_->timer.expires_at(until);
        state_->timer.async_wait([s = state_](boost::system::error_code ec) {
            if (!ec) s->stop();
        });
    }
    ~socket()
    {
        release();
        state_->timer.cancel();
    }
    socket(const socket&) = delete;
    socket& operator=(const socket&) = delete;

    // libpq may close its socket and open another one, even of the same number, whenever it is called while connecting.
    void assign(int fd) { state_->fd.assign(fd); }
    void release()
    {
        if (state_->fd.is_open()) state_->fd.release();
    }
    asio::awaitable<void> wait(descriptor::wait_type what)
    {
        if (!state_->stopped) co_await state_->fd.async_wait(what, asio::as_tuple(asio::use_awaitable));
        if (state_->stopped) throw postgres_failure("no answer in time");
    }
    // Whoever calls this is on the same strand.
    std::function<void()> stopper() const
    {
        return [weak = std::weak_ptr(state_)] {
            if (const auto s = weak.lock()) s->stop();
        };
    }

private:
    struct state {
        explicit state(const asio::any_io_executor& executor) : fd(executor), timer(executor) {}
        void stop()
        {
            stopped = true;
            if (fd.is_open()) fd.cancel();
        }
        descriptor fd;
        asio::steady_timer timer;
        bool stopped{};
    };
    std::shared_ptr<state> state_; // shared with the timer's handler, which may be about to run when we go
};

postgres_connection::postgres_connection(PGconn* connection) noexcept : connection_(connection), pid_(::getpid()) {}

postgres_connection::~postgres_connection()
{
    if (pid_ == ::getpid()) PQfinish(connection_);
}

asio::awaitable<std::unique_ptr<postgres_connection>>
postgres_connection::open(std::string conninfo, postgres_address address, clock::time_point until)
{
    // Of a word that comes twice the later one counts, and an empty one does not count at all.
    const std::array<std::pair<const char*, const char*>, 10> words{{
        {"fallback_application_name", "afresh"},
        {"target_session_attrs", "read-write"}, // a standby can keep nothing
        {"keepalives_idle", "10"},              // a peer that is gone without a word is noticed
        {"keepalives_interval", "5"},
        {"keepalives_count", "3"},
        {"tcp_user_timeout", "15000"},
        {"dbname", conninfo.c_str()},
        {"host", address.host.c_str()},
        {"hostaddr", address.hostaddr.c_str()},
        {"port", address.port.c_str()},
    }};
    std::vector<const char*> keywords;
    std::vector<const char*> values;
    for (const auto& [keyword, value] : words) {
        keywords.push_back(keyword);
        values.push_back(value);
    }
    keywords.push_back(nullptr);
    values.push_back(nullptr);
    PGconn* const raw = PQconnectStartParams(keywords.data(), values.data(), 1);
    if (!raw) throw std::bad_alloc();
    std::unique_ptr<postgres_connection> made(new postgres_connection(raw));
    co_await made->connect(until);
    co_return made;
}

asio::awaitable<void> postgres_connection::connect(clock::time_point until)
{
    PQsetNoticeProcessor(
        connection_, [](void*, const char*) {}, nullptr); // else it writes to standard error
    socket waits(co_await asio::this_coro::executor, until);
    PostgresPollingStatusType state =
        PQstatus(connection_) == CONNECTION_BAD ? PGRES_POLLING_FAILED : PGRES_POLLING_WRITING;
    while (state == PGRES_POLLING_READING || state == PGRES_POLLING_WRITING) {
        waits.assign(PQsocket(connection_));
        const bool reads = state == PGRES_POLLING_READING;
        co_await waits.wait(reads ? socket::descriptor::wait_read : socket::descriptor::wait_write);
        waits.release();
        state = PQconnectPoll(connection_);
    }
    if (state != PGRES_POLLING_OK) throw postgres_failure(message());
    if (PQsetnonblocking(connection_, 1) != 0 || PQenterPipelineMode(connection_) != 1)
        throw postgres_failure(message());
}

asio::awaitable<postgres_answers> postgres_connection::run(const postgres_batch& batch, clock::time_point until)
{
    socket waits(co_await asio::this_coro::executor, until);
    for (const postgres_statement& statement : batch)
        if (!statement.send(connection_)) lose();
    if (PQpipelineSync(connection_) != 1) lose();
    waits.assign(PQsocket(connection_));
    co_await flush(waits);
    postgres_answers answers;
    for (;;) {
        PGresult* const result = co_await next(waits);
        if (!result) continue; // the end of one statement's answer
        postgres_answer answer(result);
        switch (PQresultStatus(result)) {
        case PGRES_PIPELINE_SYNC: co_return answers;
        case PGRES_COMMAND_OK:
        case PGRES_TUPLES_OK: answers.push_back(std::move(answer)); break;
        default: {
            const char* const sqlstate = PQresultErrorField(result, PG_DIAG_SQLSTATE);
            const char* const said = PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY);
            if (!sqlstate) lose(); // made by libpq: the connection broke
            throw postgres_failure(said ? said : "an error without a text", sqlstate);
        }
        }
    }
}

asio::awaitable<std::vector<std::string>> postgres_connection::notifications(std::function<void()>& stop)
{
    socket waits(co_await asio::this_coro::executor, clock::time_point::max());
    waits.assign(PQsocket(connection_));
    stop = waits.stopper();
    std::vector<std::string> heard;
    for (;;) {
        while (PGnotify* const one = PQnotifies(connection_)) {
            heard.emplace_back(one->extra);
            PQfreemem(one);
        }
        if (!heard.empty()) co_return heard;
        co_await waits.wait(socket::descriptor::wait_read);
        if (PQconsumeInput(connection_) != 1) lose();
    }
}

asio::awaitable<void> postgres_connection::flush(socket& waits)
{
    for (;;) {
        const int left = PQflush(connection_);
        if (left == 0) co_return;
        // It may send no more before something is read.
        if (left < 0 || PQconsumeInput(connection_) != 1) lose();
        co_await waits.wait(socket::descriptor::wait_write);
    }
}

asio::awaitable<PGresult*> postgres_connection::next(socket& waits)
{
    while (PQisBusy(connection_)) {
        co_await waits.wait(socket::descriptor::wait_read);
        if (PQconsumeInput(connection_) != 1) lose();
    }
    if (PQstatus(connection_) == CONNECTION_BAD) lose();
    co_return PQgetResult(connection_);
}

void postgres_connection::lose() const { throw postgres_failure(message()); }

std::string postgres_connection::message() const
{
    std::string text = PQerrorMessage(connection_);
    while (!text.empty() && text.back() == '\n') text.pop_back();
    for (char& c : text)
        if (c == '\n') c = ' ';
    return text.empty() ? "the connection was lost" : text;
}

} // namespace afresh::store

#include "support/authorization_server.hpp"

#include <boost/json/parse.hpp>
#include <boost/json/value_to.hpp>

#include <arpa/inet.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cctype>
#include <cerrno>
#include <chrono>
#include <cstdlib>
#include <cstring>
#include <stdexcept>
#include <utility>
#include <vector>

extern char** environ;

namespace afresh::test {
namespace {

constexpr auto start_limit = std::chrono::seconds(60); // node takes a second; a loaded machine under a sanitizer, more
constexpr timeval control_limit{.tv_sec = 30, .tv_usec = 0};

[[noreturn]] void fail(const std::string& what)
{
    throw std::runtime_error("authorization server: " + what + ". `sh .ci/install.sh tests` installs what it needs");
}

[[noreturn]] void fail_with_errno(const char* what) { fail(std::string(what) + ": " + std::strerror(errno)); }

class descriptor {
public:
    explicit descriptor(int fd) noexcept : fd_(fd) {}
    ~descriptor()
    {
        if (fd_ >= 0) ::close(fd_);
    }
    descriptor(const descriptor&) = delete;
    descriptor& operator=(const descriptor&) = delete;
    int get() const noexcept { return fd_; }
    int release() noexcept { return std::exchange(fd_, -1); }

private:
    int fd_;
};

std::string setting(const char* variable, const char* fallback)
{
    const char* value = std::getenv(variable);
    return value && *value ? value : fallback;
}

std::string directory() { return setting("AFRESH_AUTHORIZATION_SERVER", AFRESH_AUTHORIZATION_SERVER); }

// The caller's environment with the settings over it; none of the server's own variables leaks in from outside.
std::vector<std::string> child_environment(const authorization_server::environment& settings)
{
    std::vector<std::string> all;
    for (char** entry = environ; *entry; ++entry) {
        std::string_view text = *entry;
        std::string name(text.substr(0, text.find('=')));
        if (name == "PATH" || name == "HOME" || name == "TMPDIR" || name.starts_with("LC_") || name == "LANG")
            all.emplace_back(text);
    }
    for (const auto& [name, value] : settings) all.push_back(name + "=" + value);
    all.emplace_back("STDIN_IS_LEASH=1");
    return all;
}

std::vector<char*> pointers(std::vector<std::string>& texts)
{
    std::vector<char*> result;
    for (auto& text : texts) result.push_back(text.data());
    result.push_back(nullptr);
    return result;
}

std::string percent_encoded(std::string_view text)
{
    constexpr char hex[] = "0123456789ABCDEF";
    std::string result;
    for (unsigned char c : text) {
        if (std::isalnum(c) || c == '-' || c == '.' || c == '_' || c == '~')
            result += static_cast<char>(c);
        else
            result += {'%', hex[c >> 4], hex[c & 15]};
    }
    return result;
}

std::size_t count_at(const boost::json::object& counts, std::string_view key)
{
    const auto* value = counts.if_contains(key);
    return value ? boost::json::value_to<std::size_t>(*value) : 0;
}

} // namespace

std::string loopback_exchange(unsigned short port, const std::string& request)
{
    descriptor socket(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    if (socket.get() < 0) fail_with_errno("socket");
    ::setsockopt(socket.get(), SOL_SOCKET, SO_RCVTIMEO, &control_limit, sizeof control_limit);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (::connect(socket.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0)
        fail_with_errno("connect");
    if (::send(socket.get(), request.data(), request.size(), MSG_NOSIGNAL) != static_cast<ssize_t>(request.size()))
        fail_with_errno("send");
    std::string answer;
    char buffer[4096];
    for (;;) {
        const ssize_t count = ::recv(socket.get(), buffer, sizeof buffer, 0);
        if (count == 0) break;
        if (count > 0)
            answer.append(buffer, static_cast<std::size_t>(count));
        else if (errno != EINTR)
            fail_with_errno("recv");
    }
    return answer;
}

std::string loopback_get(unsigned short port, const std::string& path_and_query)
{
    // HTTP/1.0: the body ends where the connection ends, so that there is no framing to read.
    const std::string answer = loopback_exchange(
        port, "GET " + path_and_query + " HTTP/1.0\r\nHost: 127.0.0.1:" + std::to_string(port) + "\r\n\r\n");
    const auto body = answer.find("\r\n\r\n");
    if (body == std::string::npos || answer.compare(0, 5, "HTTP/") != 0 || answer.compare(8, 5, " 200 ") != 0)
        fail("GET " + path_and_query.substr(0, path_and_query.find('?')) + " was answered: " + answer);
    return answer.substr(body + 4);
}

authorization_server::authorization_server(const environment& settings)
{
    try {
        spawn(settings);
        read_ready_line();
    } catch (...) {
        kill();
        throw;
    }
}

authorization_server::~authorization_server() { kill(); }

std::string authorization_server::pki() { return directory() + "/pki"; }

void authorization_server::spawn(const environment& settings)
{
    std::string node = setting("AFRESH_NODE", AFRESH_NODE);
    std::vector<std::string> arguments{node, directory() + "/as.mjs"};
    std::vector<std::string> variables = child_environment(settings);

    // Close-on-exec, so that a second server started by this process does not keep the first one's leash.
    int in[2];
    int out[2];
    if (::pipe2(in, O_CLOEXEC) != 0) fail_with_errno("pipe");
    descriptor in_read(in[0]);
    descriptor in_write(in[1]);
    if (::pipe2(out, O_CLOEXEC) != 0) fail_with_errno("pipe");
    descriptor out_read(out[0]);
    descriptor out_write(out[1]);

    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, in_read.get(), STDIN_FILENO);
    posix_spawn_file_actions_adddup2(&actions, out_write.get(), STDOUT_FILENO);
    auto argv = pointers(arguments);
    auto envp = pointers(variables);
    const int error = ::posix_spawn(&pid_, node.c_str(), &actions, nullptr, argv.data(), envp.data());
    posix_spawn_file_actions_destroy(&actions);
    if (error != 0) {
        pid_ = -1;
        fail(node + ": " + std::strerror(error));
    }
    leash_ = in_write.release();
    output_ = out_read.release();
}

void authorization_server::read_ready_line()
{
    const auto limit = std::chrono::steady_clock::now() + start_limit;
    std::string line;
    char c = 0;
    while (c != '\n') {
        const auto left = std::chrono::ceil<std::chrono::milliseconds>(limit - std::chrono::steady_clock::now());
        pollfd ready{.fd = output_, .events = POLLIN, .revents = 0};
        const int events = left.count() > 0 ? ::poll(&ready, 1, static_cast<int>(left.count())) : 0;
        if (events == 0) fail("not ready in time");
        if (events < 0 && errno == EINTR) continue;
        if (::read(output_, &c, 1) != 1) fail("it ended before it was ready (its own message is above)");
        line += c;
    }
    const auto ready = boost::json::parse(line).as_object();
    issuer_ = boost::json::value_to<std::string>(ready.at("issuer"));
    port_ = boost::json::value_to<unsigned short>(ready.at("port"));
    control_port_ = boost::json::value_to<unsigned short>(ready.at("control"));
}

void authorization_server::kill() noexcept
{
    if (pid_ > 0) {
        ::kill(pid_, SIGKILL);
        while (::waitpid(pid_, nullptr, 0) < 0 && errno == EINTR) {
        }
    }
    pid_ = -1;
    for (int* fd : {&leash_, &output_})
        if (*fd >= 0) ::close(std::exchange(*fd, -1));
}

boost::json::object authorization_server::control(const std::string& path_and_query)
{
    return boost::json::parse(loopback_get(control_port_, "/_test/" + path_and_query)).as_object();
}

minted_grant authorization_server::mint(const mint_params& params)
{
    std::string query = "mint?client_id=" + percent_encoded(params.client_id) +
                        "&scope=" + percent_encoded(params.scope) + "&sub=" + percent_encoded(params.sub);
    if (!params.resource.empty()) query += "&resource=" + percent_encoded(params.resource);
    if (!params.certificate.empty()) query += "&cert=" + percent_encoded(params.certificate);
    if (!params.jkt.empty()) query += "&jkt=" + percent_encoded(params.jkt);
    const auto answer = control(query);
    return {boost::json::value_to<std::string>(answer.at("refresh_token")),
            boost::json::value_to<std::string>(answer.at("grant_id"))};
}

boost::json::object authorization_server::stats() { return control("stats"); }

std::size_t authorization_server::token_requests(std::string_view grant_type)
{
    return count_at(stats().at("token").as_object(), grant_type);
}

std::size_t authorization_server::reuse_events()
{
    // All causes of invalid_grant look alike on the wire; the server's own reason stands in brackets in the key.
    std::size_t count = 0;
    const auto all = stats();
    for (const auto& [reason, value] : all.at("errors").as_object())
        if (reason.find("already used") != boost::json::string_view::npos)
            count += boost::json::value_to<std::size_t>(value);
    return count;
}

void authorization_server::revoke_grant(std::string_view grant_id)
{
    control("revoke_grant?grant_id=" + percent_encoded(grant_id));
}

// Without a shell: a URL has characters that mean something to one.
std::string authorization_server::run_script(const char* name, const std::vector<std::string>& arguments)
{
    std::vector<std::string> all{setting("AFRESH_NODE", AFRESH_NODE), directory() + "/" + name};
    all.insert(all.end(), arguments.begin(), arguments.end());
    std::vector<std::string> variables = child_environment({{"NODE_EXTRA_CA_CERTS", pki() + "/ca.pem"}});
    int out[2];
    if (::pipe2(out, O_CLOEXEC) != 0) fail_with_errno("pipe");
    descriptor read_end(out[0]);
    descriptor write_end(out[1]);
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, write_end.get(), STDOUT_FILENO);
    auto argv = pointers(all);
    auto envp = pointers(variables);
    pid_t pid = -1;
    const int error = ::posix_spawn(&pid, all.front().c_str(), &actions, nullptr, argv.data(), envp.data());
    posix_spawn_file_actions_destroy(&actions);
    if (error != 0) fail(all.front() + ": " + std::strerror(error));
    ::close(write_end.release());
    std::string text;
    char buffer[4096];
    for (ssize_t n; (n = ::read(read_end.get(), buffer, sizeof buffer)) != 0;) {
        if (n > 0) text.append(buffer, static_cast<std::size_t>(n));
        if (n < 0 && errno != EINTR) break;
    }
    while (::waitpid(pid, nullptr, 0) < 0 && errno == EINTR) {
    }
    while (!text.empty() && text.back() == '\n') text.pop_back();
    return text;
}

std::string authorization_server::browse(const std::string& url, const std::string& until,
                                         const std::string& user) const
{
    return run_script("uiless.mjs", {"auth", url, until, user});
}

std::string authorization_server::browse_really(const std::string& url, const std::string& screenshot)
{
    return run_script("browser.mjs", {url, screenshot});
}

std::string authorization_server::look(const std::string& url, const std::string& screenshot, const std::string& scheme,
                                       int width, int seconds)
{
    return run_script("look.mjs", {url, screenshot, scheme, std::to_string(width), std::to_string(seconds)});
}

std::string authorization_server::approve_device(const std::string& url) const
{
    return run_script("uiless.mjs", {"device", url});
}

void authorization_server::drop_connections() { control("drop_connections"); }

} // namespace afresh::test

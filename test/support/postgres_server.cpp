#include "support/postgres_server.hpp"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <pwd.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <chrono>
#include <fstream>
#include <iterator>
#include <stdexcept>
#include <thread>

namespace afresh::test {
namespace {

// PostgreSQL refuses to run as root.
const passwd* other_user()
{
    if (::geteuid() != 0) return nullptr;
    const passwd* user = ::getpwnam("postgres");
    if (!user) throw std::runtime_error("there is no user postgres");
    return user;
}

std::string text_of(const std::string& file)
{
    std::ifstream in(file);
    return {std::istreambuf_iterator<char>(in), {}};
}

int wait_for(pid_t pid)
{
    int state = 0;
    while (::waitpid(pid, &state, 0) < 0 && errno == EINTR) {
    }
    return state;
}

} // namespace

std::uint16_t free_port()
{
    const int fd = ::socket(AF_INET, SOCK_STREAM, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    const bool ok = ::bind(fd, reinterpret_cast<sockaddr*>(&address), size) == 0 &&
                    ::getsockname(fd, reinterpret_cast<sockaddr*>(&address), &size) == 0;
    ::close(fd);
    if (!ok) throw std::runtime_error("no free port");
    return ntohs(address.sin_port);
}

postgres_server::postgres_server(std::string_view settings) : port_(free_port())
{
    give(directory_.path());
    if (run({"initdb", "-D", data_, "-U", "postgres", "-A", "trust", "-N", "--locale=C", "-E", "UTF8"},
            directory_ / "initdb") != 0)
        throw std::runtime_error("initdb failed: " + text_of(directory_ / "initdb"));
    settle_in(settings);
    std::ofstream(data_ + "/pg_hba.conf")
        << "local all all trust\nlocal replication all trust\nhost all all 127.0.0.1/32 scram-sha-256\n";
    start();
    sql("CREATE ROLE afresh LOGIN PASSWORD 'it is a secret''s secret'");
    sql("CREATE DATABASE afresh OWNER afresh");
}

postgres_server::postgres_server(standby_of other) : port_(free_port())
{
    give(directory_.path());
    if (run({"pg_basebackup", "-D", data_, "-R", "-X", "stream", "-c", "fast", "-h", other.primary.directory(), "-p",
             std::to_string(other.primary.port()), "-U", "postgres"},
            directory_ / "basebackup") != 0)
        throw std::runtime_error("pg_basebackup failed: " + text_of(directory_ / "basebackup"));
    settle_in({});
    start();
}

// The last setting of a name counts.
void postgres_server::settle_in(std::string_view settings)
{
    std::ofstream(data_ + "/postgresql.conf", std::ios::app)
        << "listen_addresses = '127.0.0.1'\nport = " << port_ << "\nunix_socket_directories = '" << directory_.path()
        << "'\nshared_buffers = 16MB\nmax_connections = 60\nfsync = off\nlog_min_messages = fatal\n"
        << settings << '\n';
}

postgres_server::~postgres_server()
{
    if (is_running()) end(SIGQUIT);
}

void postgres_server::start()
{
    pid_ = spawn({"postgres", "-D", data_}, directory_ / "log");
    for (int i = 0; i < 3000; ++i) {
        if (text_of(data_ + "/postmaster.pid").find("\nready") != std::string::npos) return;
        if (::waitpid(pid_, nullptr, WNOHANG) == pid_) break;
        std::this_thread::sleep_for(std::chrono::milliseconds(10));
    }
    pid_ = -1;
    throw std::runtime_error("PostgreSQL does not start: " + text_of(directory_ / "log"));
}

void postgres_server::stop() { end(SIGINT); }
void postgres_server::stop_at_once() { end(SIGQUIT); }

void postgres_server::promote()
{
    if (run({"pg_ctl", "promote", "-w", "-D", data_}, directory_ / "promote") != 0)
        throw std::runtime_error("pg_ctl promote failed: " + text_of(directory_ / "promote"));
}

void postgres_server::end(int signal)
{
    ::kill(pid_, signal);
    wait_for(pid_);
    pid_ = -1;
}

std::string postgres_server::conninfo(const std::string& more) const { return conninfo_at(port_, more); }

std::string postgres_server::conninfo_at(std::uint16_t port, const std::string& more) const
{
    return "host=127.0.0.1 port=" + std::to_string(port) +
           " user=afresh dbname=afresh password='it is a secret\\'s secret' " + more;
}

std::string postgres_server::socket_conninfo() const
{
    return "host=" + directory_.path() + " port=" + std::to_string(port_) + " user=afresh dbname=afresh";
}

std::string postgres_server::sql(const std::string& statements) const
{
    static std::atomic<int> number{0};
    const std::string output = directory_ / ("psql" + std::to_string(++number));
    const std::string database =
        statements.starts_with("CREATE ROLE") || statements.starts_with("CREATE DATABASE") ? "postgres" : "afresh";
    const int state = run({"psql", "-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1", "-h", directory_.path(), "-p",
                           std::to_string(port_), "-U", "postgres", "-d", database, "-c", statements},
                          output);
    std::string text = text_of(output);
    if (state != 0) throw std::runtime_error("psql: " + text);
    while (!text.empty() && text.back() == '\n') text.pop_back();
    return text;
}

void postgres_server::give(const std::string& file) const
{
    const passwd* user = other_user();
    if (user && ::chown(file.c_str(), user->pw_uid, user->pw_gid) != 0) throw std::runtime_error("chown " + file);
}

int postgres_server::run(const std::vector<std::string>& command, const std::string& output) const
{
    return wait_for(spawn(command, output));
}

pid_t postgres_server::spawn(const std::vector<std::string>& command, const std::string& output) const
{
    const passwd* user = other_user();
    const std::string program = AFRESH_POSTGRES_BIN + ("/" + command.front());
    // PostgreSQL's programs find each other by the path that they are called by, or else by PATH.
    std::vector<char*> arguments{const_cast<char*>(program.c_str())};
    for (auto a = command.begin() + 1; a != command.end(); ++a) arguments.push_back(const_cast<char*>(a->c_str()));
    arguments.push_back(nullptr);
    const int out = ::open(output.c_str(), O_CREAT | O_WRONLY | O_TRUNC | O_CLOEXEC, 0644);
    const pid_t child = ::fork();
    if (child < 0) throw std::runtime_error("fork");
    if (child == 0) {
        ::dup2(out, 1);
        ::dup2(out, 2);
        if (user && (::setgid(user->pw_gid) != 0 || ::setuid(user->pw_uid) != 0)) ::_exit(98);
        ::prctl(PR_SET_PDEATHSIG, SIGQUIT); // a test that is ended leaves no server behind
        (void)!::chdir("/");
        ::setpgid(0, 0); // Ctrl-C goes to the test alone
        ::execv(program.c_str(), arguments.data());
        ::_exit(99);
    }
    ::close(out);
    return child;
}

} // namespace afresh::test

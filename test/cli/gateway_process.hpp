#pragma once
// `afresh gateway` as a process, with one route to an API and a listener for operators.

#include "command_home.hpp"
#include "support/authorization_server.hpp"
#include "support/raw_server.hpp"

#include <boost/test/unit_test.hpp>

#include <chrono>
#include <csignal>
#include <fstream>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace afresh::test {

inline std::string status_of(const std::string& answer) { return answer.substr(0, answer.find('\r')); }
inline std::string body_after(const std::string& answer) { return answer.substr(answer.find("\r\n\r\n") + 4); }

struct gateway_process {
    home where;
    std::string profiles, target;
    std::unique_ptr<child_program> program;
    unsigned short port{}, status_port{};

    // `more`: of the route; `further`: of the gateway, with a comma behind it.
    gateway_process(std::string p, std::string to, const std::string& more = {}, const std::string& further = {})
        : profiles(std::move(p)), target(std::move(to))
    {
        configure(more, further);
        program = std::make_unique<child_program>(
            std::vector<std::string>{"/bin/sh", "-c", "exec " + where.command("gateway") + " 2>&1"},
            std::vector<std::string>{});
        port = listening_for("http");
        status_port = listening_for("status");
    }
    void configure(const std::string& more = {}, const std::string& further = {}) const
    {
        where.configure(profiles, R"(, "gateway": {)" + further +
                                      R"("status": "127.0.0.1:0", "routes": [{"listen": "127.0.0.1:0", "target": ")" +
                                      target + "\"" + more + "}]}");
    }
    // The next line of the log that has either in it.
    std::string line_with(const std::string& what, const std::string& or_what = "\n") const
    {
        const auto until = std::chrono::steady_clock::now() + std::chrono::seconds(30);
        for (;;) {
            const auto line = program->read_line(until);
            BOOST_REQUIRE_MESSAGE(line, "the log has no line with " + what);
            if (line->find(what) != std::string::npos || line->find(or_what) != std::string::npos) return *line;
        }
    }
    unsigned short listening_for(const std::string& what) const
    {
        const std::string line = line_with("for=" + what, "\"for\":\"" + what);
        const auto at = line.find("127.0.0.1:");
        BOOST_REQUIRE_MESSAGE(at != std::string::npos, line);
        return static_cast<unsigned short>(std::stoi(line.substr(at + 10)));
    }
    std::string get(const std::string& path, const std::string& fields = {}) const
    {
        return loopback_exchange(port,
                                 "GET " + path + " HTTP/1.1\r\nHost: x\r\nConnection: close\r\n" + fields + "\r\n");
    }
    std::string post(const std::string& path, const std::string& body, const std::string& fields = {}) const
    {
        return loopback_exchange(port, "POST " + path +
                                           " HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: " +
                                           std::to_string(body.size()) + "\r\n" + fields + "\r\n" + body);
    }
    std::string ask(const std::string& path) const
    {
        return loopback_exchange(status_port, "GET " + path + " HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
    }
    int stop() const
    {
        program->send(SIGTERM);
        return program->wait();
    }
};

// A profile with client credentials at that server.
inline std::string robot(const authorization_server& as)
{
    static const temp_directory directory;
    const std::string file = directory / "secret";
    std::ofstream(file) << "basic-secret";
    return machine_profile(as.issuer(), file);
}

inline std::string token_in(const std::string& request)
{
    const auto at = request.find("Authorization: Bearer ");
    return at == std::string::npos ? "" : request.substr(at + 22, request.find('\r', at) - at - 22);
}

// RFC 9112 7.1, without extensions and trailers.
inline std::string unchunked(std::string_view chunks)
{
    std::string all;
    for (;;) {
        const std::size_t size = std::stoul(std::string(chunks.substr(0, chunks.find('\r'))), nullptr, 16);
        if (size == 0) return all;
        chunks.remove_prefix(chunks.find('\n') + 1);
        all += chunks.substr(0, size);
        chunks.remove_prefix(size + 2);
    }
}

} // namespace afresh::test

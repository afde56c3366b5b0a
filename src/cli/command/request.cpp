#include "cli/command/commands.hpp"
#include "cli/command/exit_code.hpp"
#include "cli/config/setup.hpp"

#include <afresh/http_body.hpp>
#include <afresh/http_client.hpp>

#include <CLI/CLI.hpp>

#include <boost/asio/this_coro.hpp>

#include <cerrno>
#include <chrono>
#include <cstdio>
#include <cstring>
#include <iostream>
#include <memory>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include <unistd.h>

namespace afresh::cli {
namespace {

struct request_options {
    std::string url;
    std::string method;
    std::vector<std::string> fields;
    std::string data; // @FILE: of a file; @-: standard input
    std::string output;
    bool show_head{};
    bool fail{};
};

using file_ptr = std::unique_ptr<std::FILE, int (*)(std::FILE*)>;

int leave_open(std::FILE* f) { return std::fflush(f); }

file_ptr open_output(const std::string& path)
{
    if (path.empty() || path == "-") return {stdout, leave_open};
    file_ptr f(std::fopen(path.c_str(), "wb"), std::fclose);
    if (!f) throw std::runtime_error(path + ": " + std::strerror(errno));
    return f;
}

http_request make_request(const request_options& o, const asio::any_io_executor& executor)
{
    http_request r(!o.method.empty() ? o.method : o.data.empty() ? "GET" : "POST", o.url);
    for (const std::string& line : o.fields) {
        const auto colon = line.find(':');
        const auto value = colon == std::string::npos ? colon : line.find_first_not_of(" \t", colon + 1);
        if (colon == std::string::npos || colon == 0)
            throw std::runtime_error("-H: '" + line + "' is no field; write 'Name: value'");
        r.field(line.substr(0, colon), value == std::string::npos ? std::string() : line.substr(value));
    }
    if (o.data == "@-")
        r.body(make_descriptor_body(executor, ::dup(STDIN_FILENO)));
    else if (o.data.starts_with('@'))
        r.body(make_file_body(o.data.substr(1)));
    else if (!o.data.empty())
        r.body(o.data);
    if (!o.data.empty() && !r.fields().contains("Content-Type")) {
        const bool json = o.data.starts_with('{') || o.data.starts_with('[');
        r.field("Content-Type", json                      ? "application/json"
                                : o.data.starts_with('@') ? "application/octet-stream"
                                                          : "application/x-www-form-urlencoded");
    }
    return r;
}

void write(std::FILE* to, const std::string& text)
{
    if (std::fwrite(text.data(), 1, text.size(), to) != text.size() || std::fflush(to) != 0)
        throw std::runtime_error(std::string("output: ") + std::strerror(errno));
}

// Of RFC 9110 15, in the codes of sysexits(3).
int code_for(unsigned status)
{
    if (status < 400) return exit_ok;
    if (status == 401 || status == 403) return exit_sign_in;
    return status == 429 || status >= 500 ? exit_later : exit_data;
}

asio::awaitable<int> request(token_source tokens, profile p, request_options o)
{
    const asio::any_io_executor executor = co_await asio::this_coro::executor;
    http_client_options options;
    options.tls = tls_of(p);
    options.proxy = proxy_options::from_environment();
    options.limits.total = options.limits.first_byte = options.limits.body_idle = std::chrono::milliseconds::zero();
    http_client api(tokens, options);
    http_request r = make_request(o, executor);
    http_stream answer = co_await api.open(std::move(r));
    const file_ptr out = open_output(o.output);
    if (o.show_head) {
        std::string head = "HTTP/1.1 " + std::to_string(answer.status()) + "\r\n";
        for (const http_field& f : answer.fields()) head += f.name + ": " + f.value + "\r\n";
        write(out.get(), head + "\r\n");
    }
    for (;;) {
        const std::string piece = co_await answer.read();
        if (piece.empty()) break;
        write(out.get(), piece);
    }
    api.close();
    if (!o.fail || answer.status() < 400) co_return exit_ok;
    std::cerr << "afresh: the server answered with status " << answer.status() << '\n';
    co_return code_for(answer.status());
}

} // namespace

runner add_request(CLI::App& app, common_options& common)
{
    CLI::App& command = *app.add_subcommand("request", "Send an HTTP request with a token, and once more after a 401");
    const auto o = std::make_shared<request_options>();
    command.add_option("url", o->url, "Its origin must be one of the profile's `origins`")
        ->required()
        ->type_name("URL");
    command.add_option("-p,--profile", common.profile, "Of the configuration (default: the only one)")
        ->type_name("PROFILE");
    command.add_option("-X,--method", o->method, "Default: GET, or POST with --data")->type_name("METHOD");
    command.add_option("-H,--header", o->fields, "A field, 'Name: value'; may be repeated")->type_name("FIELD");
    command.add_option("-d,--data", o->data, "The body; @FILE reads a file, @- standard input")->type_name("DATA");
    command.add_option("-o,--output", o->output, "Write the answer's body here")->type_name("FILE");
    command.add_flag("-i,--include", o->show_head, "Show the answer's header, too");
    command.add_flag("-f,--fail", o->fail, "An answer of 400 or more is a failure (exit code)");
    return [o, &common] {
        return run_with_source(common, [o](token_source tokens, profile p) { return request(tokens, p, *o); });
    };
}

} // namespace afresh::cli

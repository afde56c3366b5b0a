// An upload that survives a revoked token: the server refuses it (half-way, if it likes: then the rest stays here), the
// token is renewed, and the file is read again from its beginning.

#include "settings.hpp"

#include <afresh/http_body.hpp>
#include <afresh/http_client.hpp>
#include <afresh/http_multipart.hpp>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>

#include <filesystem>
#include <fstream>
#include <iostream>

namespace asio = boost::asio;

//[body
asio::awaitable<void> upload(asio::any_io_executor executor, std::string file)
{
    afresh::source_options options;
    options.allowed_origins = {example::api()};
    afresh::token_source tokens(executor, example::registration(), example::grant(), std::move(options));
    afresh::http_client_options settings;
    settings.on_activity = [](const afresh::http_activity& a) {
        if (a.what == afresh::http_activity::kind::answered) std::cout << a.method << ' ' << a.status << '\n';
        if (a.what == afresh::http_activity::kind::replayed) std::cout << "again, with another token\n";
    };
    afresh::http_client api(tokens, settings);

    co_await api.post(example::api("revoke"), ""); // the token that this shows is refused from now on
    afresh::http_request put("PUT", example::api("files/1"));
    put.body(afresh::make_file_body(file)); // piece by piece, as fast as the server takes it; it can rewind
    const afresh::http_response stored = co_await api.request(std::move(put));
    std::cout << stored.raise_for_status().text() << '\n';

    afresh::http_multipart form; // the same for a form with files
    form.field("title", "A large file").file("file", file);
    const afresh::http_response sent =
        co_await api.request(afresh::http_request("POST", example::api("files")).multipart(form));
    std::cout << sent.raise_for_status().text() << '\n';
}
//]

int main()
{
    const auto file = std::filesystem::temp_directory_path() / "afresh-example-upload";
    std::ofstream(file) << std::string(3'000'000, 'x');
    asio::io_context context;
    std::exception_ptr failed;
    asio::co_spawn(context, upload(context.get_executor(), file), [&](std::exception_ptr e) { failed = e; });
    context.run();
    std::filesystem::remove(file);
    if (failed) std::rethrow_exception(failed);
}

// Forms with files (RFC 7578).
#include "support/client_fixture.hpp"
#include "support/temp_directory.hpp"

#include <afresh/http_multipart.hpp>

#include <boost/test/unit_test.hpp>

#include <fstream>

using namespace afresh;
using namespace afresh::test;

BOOST_FIXTURE_TEST_SUITE(multipart, client_fixture)

BOOST_AUTO_TEST_CASE(parts_come_in_order_with_their_names_and_types)
{
    const temp_directory directory;
    std::ofstream(directory / "photo.png") << "PNG";
    const auto form = http_multipart()
                          .field("title", "A \"b\"\r\n")
                          .file("image", directory / "photo.png", "image/png")
                          .file("no\"te", "a\r\nb.txt", "", "text");
    notes seen;
    const raw_server server(answering(seen, [](const std::string&) { return hello; }));
    BOOST_TEST(send(http_request("POST", server.url("/")).multipart(form)).response.body() == "hello");
    const std::string request = seen.at(0);
    const std::string type = form.content_type();
    BOOST_TEST(type.starts_with("multipart/form-data; boundary="));
    const std::string boundary = "--" + type.substr(type.find('=') + 1);
    BOOST_TEST(request.find("\r\nContent-Type: " + type + "\r\n") != std::string::npos);
    BOOST_TEST(request.find("\r\nContent-Length: ") != std::string::npos);
    BOOST_TEST(body_of(request) ==
               boundary + "\r\nContent-Disposition: form-data; name=\"title\"\r\n\r\nA \"b\"\r\n\r\n" + boundary +
                   "\r\nContent-Disposition: form-data; name=\"image\"; filename=\"photo.png\"\r\n"
                   "Content-Type: image/png\r\n\r\nPNG\r\n" +
                   boundary +
                   "\r\nContent-Disposition: form-data; name=\"no%22te\"; "
                   "filename=\"a%0D%0Ab.txt\"\r\n\r\ntext\r\n" +
                   boundary + "--\r\n");
    BOOST_TEST(http_multipart().content_type() != http_multipart().content_type());
}

BOOST_AUTO_TEST_CASE(it_is_sent_again_as_a_whole_or_not_at_all)
{
    options.redirects.any_method = true;
    notes seen;
    const raw_server server(answering(seen, [](const std::string& request) {
        if (request.find(" /end ") != std::string::npos) return hello;
        return text_answer("307 Temporary Redirect", "", "Location: /end\r\n");
    }));
    const auto form = http_multipart().field("a", "1").field("b", "2");
    BOOST_TEST(send(http_request("POST", server.url("/")).multipart(form)).response.body() == "hello");
    BOOST_TEST(body_of(seen.at(0)) == body_of(seen.at(1)));

    const auto once =
        make_generator_body([n = 0]() mutable -> asio::awaitable<std::string> { co_return n++ == 0 ? "piece" : ""; });
    const auto streamed = http_multipart().field("a", "1").part("f", "f", "text/plain", once);
    options.limits.expect_continue = std::chrono::milliseconds(1);
    BOOST_TEST(send(http_request("POST", server.url("/")).multipart(streamed)).response.status() == 307u);
    BOOST_TEST(seen.at(2).find("\r\nTransfer-Encoding: chunked\r\n") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(what_would_break_the_frame_is_refused)
{
    BOOST_CHECK_THROW(http_multipart().file("f", "f", "text/plain\r\nX: y", "text"), boost::system::system_error);
    BOOST_CHECK_THROW(http_multipart().file("f", "/no/such/file"), boost::system::system_error);
}

BOOST_AUTO_TEST_SUITE_END()

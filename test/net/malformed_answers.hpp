#pragma once
// What a server may send instead of an answer, and what the client must make of it.

#include <afresh/error.hpp>

#include <string>
#include <utility>
#include <vector>

namespace afresh::test {

struct answer_row {
    std::string name;
    std::string bytes;
    error_code ec;       // without: a good answer
    unsigned status = 0; // 0 with an error
    std::string body = {};
    bool kept = false; // another request may follow on the same connection
    bool closes =
        false; // the server ends the stream behind the bytes; else it waits, and the client must know by itself
    const char* method = "GET";
};

namespace answers {

using namespace std::string_literals;

inline answer_row refused(std::string name, std::string bytes, errc why = errc::malformed_http)
{
    return {std::move(name), std::move(bytes), why};
}

inline answer_row cut(std::string name, std::string bytes)
{
    return {std::move(name), std::move(bytes), errc::connection_lost, 0, {}, false, true};
}

inline answer_row kept(std::string name, std::string bytes, std::string body = {}, unsigned status = 200)
{
    return {std::move(name), std::move(bytes), {}, status, std::move(body), true};
}

// Good, and the last on its connection.
inline answer_row last(std::string name, std::string bytes, std::string body = {}, unsigned status = 200)
{
    return {std::move(name), std::move(bytes), {}, status, std::move(body)};
}

inline answer_row to_head(answer_row row)
{
    row.method = "HEAD";
    return row;
}

// An answer with the body "hi" but for the line or the field.
inline std::string line(const std::string& text) { return text + "\r\nContent-Length: 2\r\n\r\nhi"; }
inline std::string field(const std::string& text) { return line("HTTP/1.1 200 OK\r\n" + text); }
inline std::string length(const std::string& text)
{
    return "HTTP/1.1 200 OK\r\nContent-Length:" + text + "\r\n\r\nhello";
}
inline std::string coding(const std::string& text)
{
    return "HTTP/1.1 200 OK\r\nTransfer-Encoding:" + text + "\r\n\r\n2\r\nhi\r\n0\r\n\r\n";
}
inline std::string chunks(const std::string& text)
{
    return "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + text;
}
inline std::string no_body(const std::string& text) { return "HTTP/1.1 " + text + "\r\n\r\n"; }
inline std::string times(std::size_t n, const std::string& text)
{
    std::string all;
    all.reserve(n * text.size());
    while (n-- > 0) all += text;
    return all;
}

const std::string good = "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 5\r\n\r\nhello";
const std::string good_chunks = chunks("3\r\nhel\r\n2;x=y\r\nlo\r\n0\r\nX-Sum: 1\r\n\r\n");
const std::string good_to_the_end = "HTTP/1.1 200 OK\r\nX: y\r\n\r\nhello";

inline std::vector<answer_row> of_the_status_line()
{
    return {
        refused("no version", line("200 OK")),
        refused("no code", line("HTTP/1.1")),
        refused("no code but a space", line("HTTP/1.1 ")),
        refused("HTTP/0.9", line("HTTP/0.9 200 OK")),
        refused("HTTP/0.9 as it was, without a header", "<html>hello</html>"),
        refused("HTTP/1.2", line("HTTP/1.2 200 OK")),
        refused("HTTP/2.0", line("HTTP/2.0 200 OK")),
        refused("one digit of a version", line("HTTP/1 200 OK")),
        refused("three digits of a version", line("HTTP/1.10 200 OK")),
        refused("lower case", line("http/1.1 200 OK")),
        refused("another protocol", line("ICY/1.1 200 OK")),
        refused("the greeting of another protocol", "SSH-2.0-Open"),
        refused("a TLS alert", "\x15\x03\x03\0\x02\x02\x28"s),
        refused("the first frame of HTTP/2", "\0\0\x12\x04\0\0\0\0\0"s),
        kept("no reason", line("HTTP/1.1 200 "), "hi"),
        refused("no reason and no space", line("HTTP/1.1 200")), // RFC 9112 4: the space must be there
        refused("no space before the code", line("HTTP/1.1200 OK")),
        refused("two spaces before the code", line("HTTP/1.1  200 OK")),
        kept("two spaces before the reason", line("HTTP/1.1 200  OK"), "hi"), // a reason may begin so
        refused("a tab before the code", line("HTTP/1.1\t200 OK")),
        refused("a tab behind the code", line("HTTP/1.1 200\tOK")),
        refused("two digits", line("HTTP/1.1 20 OK")),
        refused("four digits", line("HTTP/1.1 2000 OK")),
        refused("code 099", line("HTTP/1.1 099 OK")),
        refused("code 000", line("HTTP/1.1 000 OK")),
        refused("a negative code", line("HTTP/1.1 -20 OK")),
        refused("a letter in the code", line("HTTP/1.1 2x0 OK")),
        kept("code 600", line("HTTP/1.1 600 OK"), "hi", 600), // RFC 9110 15: as a failure of the server
        kept("code 999", line("HTTP/1.1 999 OK"), "hi", 999),
        kept("a reason that is not ASCII", line("HTTP/1.1 200 \xc3\x9c"), "hi"),
        refused("a leading empty line", "\r\n" + good), // RFC 9112 2.2 lets servers skip it, not clients
        refused("a leading LF", "\n" + good),
        refused("a leading space", " " + good),
        refused("a leading byte order mark", "\xef\xbb\xbf" + good),
        refused("leftovers of another body", "x" + good),
        refused("a bare LF", "HTTP/1.1 200 OK\nContent-Length: 2\n\nhi"),
        refused("a bare LF in the status line alone", "HTTP/1.1 200 OK\nContent-Length: 2\r\n\r\nhi"),
        refused("a bare CR", "HTTP/1.1 200 OK\rContent-Length: 2\r\rhi"),
        refused("a bare CR in the reason", line("HTTP/1.1 200 O\rK")),
        refused("CR CR LF", line("HTTP/1.1 200 OK\r")),
        refused("a NUL in the reason", line("HTTP/1.1 200 O\0K"s)),
        refused("an escape in the reason", line("HTTP/1.1 200 \x1b[2J")),
        refused("an endless reason", "HTTP/1.1 200 " + std::string(70'000, 'x'), errc::header_limit),
    };
}

inline std::vector<answer_row> of_fields()
{
    const std::string with_cut_line = "HTTP/1.1 200 OK\r\nX: y\n\r\n";
    return {
        refused("a space before the colon", field("X : y")), // RFC 9112 5.1
        refused("a tab before the colon", field("X\t: y")),
        refused("a length with a space before the colon", "HTTP/1.1 200 OK\r\nContent-Length : 2\r\n\r\nhi"),
        refused("no name", field(": y")),
        refused("no colon", field("X")),
        refused("no colon but a value", field("X y")),
        refused("a space before the first name", field(" X: y")), // RFC 9112 2.2
        refused("no token as a name", field("X(1): y")),
        refused("a name that is not ASCII", field("\xc3\x9c: y")),
        refused("a quoted name", field("\"X\": y")),
        kept("no value", field("X:"), "hi"),
        kept("a tab in a value", field("X:\ta\tb\t"), "hi"),
        kept("a value that is not ASCII", field("X: \xc3\xa4\xff"), "hi"),
        last("a value that goes on in the next line", field("X: a\r\n b\r\n\tc"), "hi"),
        last("a value that begins in the next line", field("X:\r\n a"), "hi"),
        last("a length that begins in the next line", length("\r\n 5"), "hello"),
        last("a coding that begins in the next line", coding("\r\n chunked"), "hi"),
        refused("a NUL in a value", field("X: a\0b"s)),
        refused("a CR in a value", field("X: a\rb")),
        refused("an LF in a value", field("X: a\nb")),
        refused("a DEL in a value", field("X: a\x7f")),
        refused("an escape in a value", field("X: \x1b]0;x\x07")),
        refused("a NUL in a name", field("X\0: y"s)),
        refused("an LF at the end of a field", with_cut_line),
        refused("LF LF at the end of the header", "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\n\nhi"),
        refused("LF CR LF at the end of the header", "HTTP/1.1 200 OK\r\nContent-Length: 2\n\r\nhi"),
        kept("5,000 fields", field(times(4999, "A: b\r\n") + "A: b"), "hi"),
        refused("20,000 fields", field(times(20'000, "A: b\r\n") + "A: b"), errc::header_limit),
        refused("a field of 70 KB", field("X: " + std::string(70'000, 'x')), errc::header_limit),
        refused("a name of 70 KB", field(std::string(70'000, 'x')), errc::header_limit),
        refused("a header without end", "HTTP/1.1 200 OK\r\n" + times(8'000, "A: bcdef\r\n"), errc::header_limit),
        last("Connection: close", field("Connection: close"), "hi"),
        last("close in a list, in capitals", field("Connection: x, CLOSE"), "hi"),
        last("close behind keep-alive", field("Connection: keep-alive\r\nConnection: close"), "hi"),
        last("an upgrade nobody asked for", field("Connection: Upgrade\r\nUpgrade: h2c"), "hi"),
        last("HTTP/1.0", line("HTTP/1.0 200 OK"), "hi"),
        last("HTTP/1.0 that would go on", line("HTTP/1.0 200 OK\r\nConnection: keep-alive"), "hi"),
        last("408, which is about the connection", line("HTTP/1.1 408 Request Timeout"), "hi", 408),
    };
}

inline std::vector<answer_row> of_lengths()
{
    const std::string two = "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: ";
    return {
        refused("a negative length", length(" -5")),
        refused("a length with a plus", length(" +5")),
        refused("a hexadecimal length", length(" 0x5")),
        refused("a length with a letter", length(" 5x")),
        refused("a length that is no whole number", length(" 5.0")),
        refused("a quoted length", length(" \"5\"")),
        refused("a length with a parameter", length(" 5;5")),
        refused("two lengths with a space between", length(" 5 5")),
        refused("digits that are not ASCII", length(" \xd9\xa5")),
        refused("no length", length("")),
        refused("a length of spaces", length("   ")),
        refused("2^64", length(" 18446744073709551616")),
        refused("2^64 + 5", length(" 18446744073709551621")),
        refused("2^64 - 1", length(" 18446744073709551615"), errc::body_limit),
        refused("a byte more than the limit", length(" 8388609"), errc::body_limit),
        last("a list of equal lengths", length(" 5, 5"), "hello"), // RFC 9112 6.3 allows it, and it is odd
        refused("a list of different lengths", length(" 5, 6")),
        refused("a list with nothing at its end", length(" 5,")),
        refused("a list with nothing at its beginning", length(" ,5")),
        last("two equal lengths", two + "5\r\n\r\nhello", "hello"),
        refused("two different lengths", two + "6\r\n\r\nhello"),
        refused("a length and an empty one", two + "\r\n\r\nhello"),
        kept("leading zeros", length(" 0005"), "hello"),
        kept("spaces around the length", length("  5  "), "hello"),
        last("a body longer than its length", length(" 3"), "hel"),
        last("a body where there is none", length(" 0"), ""),
        refused("length and coding", field("Transfer-Encoding: chunked")), // RFC 9112 6.3, in both orders
        refused("coding and length", coding(" chunked\r\nContent-Length: 2")),
        refused("length and a coding that is not chunked", field("Transfer-Encoding: gzip")),
        refused("length 0 and chunks", "HTTP/1.1 200 OK\r\nContent-Length: 0\r\nTransfer-Encoding: chunked\r\n\r\n"),
    };
}

inline std::vector<answer_row> of_codings()
{
    return {
        refused("gzip", coding(" gzip")),
        refused("gzip, chunked", coding(" gzip, chunked")),
        refused("chunked, gzip", coding(" chunked, gzip")),
        refused("chunked, chunked", coding(" chunked, chunked")),
        refused("chunked twice", coding(" chunked\r\nTransfer-Encoding: chunked")),
        refused("identity", coding(" identity")),
        refused("identity and chunked", coding(" identity\r\nTransfer-Encoding: chunked")),
        refused("xchunked", coding(" xchunked")),
        refused("chunked with a parameter", coding(" chunked;x")),
        refused("chunked with a weight", coding(" chunked;q=1")),
        refused("quoted", coding(" \"chunked\"")),
        refused("chunked and nothing", coding(" chunked,")),
        refused("an empty coding", coding("")),
        refused("a vertical tab before it", coding(" \vchunked")),
        refused("a NUL behind it", coding(" chunked\0"s)),
        refused("a space before the colon", "HTTP/1.1 200 OK\r\nTransfer-Encoding : chunked\r\n\r\n0\r\n\r\n"),
        refused("chunks in HTTP/1.0", "HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"),
        kept("a tab before it", coding("\tchunked"), "hi"),
        kept("a space behind it", coding(" chunked "), "hi"),
        kept("capitals", coding(" CHUNKED"), "hi"),
    };
}

} // namespace answers
} // namespace afresh::test

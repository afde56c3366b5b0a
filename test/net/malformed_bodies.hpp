#pragma once
// The rows about what follows a header.

#include "net/malformed_answers.hpp"

namespace afresh::test::answers {

inline std::vector<answer_row> of_chunks()
{
    const std::string end = "0\r\n\r\n";
    const std::string whole = "5\r\nhello\r\n";
    const std::string extended = "1;" + std::string(40, 'x') + "\r\na\r\n";
    return {
        kept("one chunk", chunks(whole + end), "hello"),
        kept("no chunk but the last", chunks(end), ""),
        kept("capital digits", chunks("A\r\nhellohello\r\n" + end), "hellohello"),
        kept("leading zeros", chunks("0005\r\nhello\r\n000\r\n\r\n"), "hello"),
        kept("extensions", chunks("5;a;b=c;d=\"e;f\"\r\nhello\r\n0;g\r\n\r\n"), "hello"),
        kept("an extension with spaces", chunks("5 ; a = b\r\nhello\r\n" + end), "hello"),
        kept("an extension of 60 KB", chunks("5;" + std::string(60'000, 'x') + "\r\nhello\r\n" + end), "hello"),
        refused("no digits", chunks("xyz\r\nhello\r\n" + end)),
        refused("a letter behind the digits", chunks("5g\r\nhello\r\n" + end)),
        refused("an empty size", chunks("\r\nhello\r\n" + end)),
        refused("an extension without a size", chunks(";a\r\nhello\r\n" + end)),
        refused("a negative size", chunks("-5\r\nhello\r\n" + end)),
        refused("a size with a plus", chunks("+5\r\nhello\r\n" + end)),
        refused("0x", chunks("0x5\r\nhello\r\n" + end)),
        refused("0x and nothing behind it", chunks("0x5\r\n")),
        refused("a space before the size", chunks(" 5\r\nhello\r\n" + end)),
        refused("a space behind the size", chunks("5 \r\nhello\r\n" + end)), // RFC 9112 7.1.1: only before a ';'
        refused("a size beyond 64 bits", chunks("10000000000000005\r\nhello\r\n" + end)),
        refused("a size of 64 bits", chunks("ffffffffffffffff\r\n"), errc::body_limit),
        refused("a size beyond the limit", chunks(whole + "7ffffc\r\n"), errc::body_limit),
        refused("endless zeros", chunks(std::string(70'000, '0')), errc::header_limit),
        refused("an empty extension", chunks("5;\r\nhello\r\n" + end)),
        refused("an extension without a name", chunks("5;=b\r\nhello\r\n" + end)),
        refused("an extension without a value", chunks("5;a=\r\nhello\r\n" + end)),
        refused("a quotation without end", chunks("5;a=\"b\r\nhello\r\n")),
        refused("a quotation without end in the last chunk", chunks(whole + "0;a=\"b\r\n\r\n")),
        refused("an LF in a quotation", chunks("5;a=\"b\nc\"\r\nhello\r\n" + end)),
        refused("a NUL in a quotation", chunks("5;a=\"b\0c\"\r\nhello\r\n"s + end)),
        refused("a CR in an extension", chunks("5;a\rb\r\nhello\r\n" + end)),
        refused("an LF behind the size", chunks("5\nhello\r\n" + end)),
        refused("LF everywhere", chunks("5\nhello\n0\n\n")),
        refused("an LF behind an extension", chunks("5;a\nhello\r\n" + end)),
        refused("an extension of 70 KB", chunks("5;" + std::string(70'000, 'x') + "\r\nhello\r\n"), errc::header_limit),
        refused("an extension without end", chunks("5;" + std::string(70'000, 'x')), errc::header_limit),
        refused("extensions with every byte", chunks(times(3'000, extended)), errc::header_limit),
        refused("no line end behind the data", chunks("5\r\nhello" + end)),
        refused("an LF behind the data", chunks("5\r\nhello\n" + end)),
        refused("a CR behind the data", chunks("5\r\nhello\r" + end)),
        refused("a byte too many", chunks("5\r\nhellox\r\n" + end)),
        refused("a byte too few", chunks("6\r\nhello\r\n" + end)),
        last("bytes behind the last chunk", chunks(whole + end + "x"), "hello"),
        last("an empty line behind the last chunk", chunks(whole + end + "\r\n"), "hello"),
        cut("no last chunk", chunks(whole)),
        cut("no end of the trailer", chunks(whole + "0\r\n")),
        cut("half of a size", chunks("5")),
    };
}

inline std::vector<answer_row> of_trailers()
{
    const auto trailer = [](const std::string& text) { return chunks("2\r\nhi\r\n0\r\n" + text); };
    return {
        kept("a field", trailer("X-Sum: 1\r\n\r\n"), "hi"),
        kept("a field that goes on in the next line", trailer("X-Sum: 1\r\n 2\r\n\r\n"), "hi"),
        kept("a field of a header is of no effect", trailer("Connection: close\r\nSet-Cookie: a=b\r\n\r\n"), "hi"),
        refused("a length", trailer("Content-Length: 5\r\n\r\n")),
        refused("a coding", trailer("Transfer-Encoding: gzip\r\n\r\n")),
        refused("chunked once more", trailer("Transfer-Encoding: chunked\r\n\r\n")),
        refused("no colon", trailer("X\r\n\r\n")),
        refused("a space before the colon", trailer("X : y\r\n\r\n")),
        refused("a space before the name", trailer(" X: y\r\n\r\n")),
        refused("an LF at its end", trailer("X: y\n\r\n")),
        refused("a NUL", trailer("X: y\0\r\n\r\n"s)),
        refused("LF LF", trailer("X: y\r\n\n\n")),
        refused("another answer", trailer("HTTP/1.1 200 OK\r\n\r\n")),
        refused("of 70 KB", trailer("X: " + std::string(70'000, 'x') + "\r\n\r\n"), errc::header_limit),
        refused("without end", trailer(times(12'000, "A: b\r\n")), errc::header_limit),
        cut("cut in a field", trailer("X: ")),
    };
}

inline std::vector<answer_row> of_bodies_that_must_not_be()
{
    const std::string ok = "200 OK\r\n";
    return {
        to_head(kept("HEAD and a length", no_body(ok + "Content-Length: 5"))),
        to_head(kept("HEAD and a length beyond the limit", no_body(ok + "Content-Length: 99999999999"))),
        to_head(kept("HEAD and no length", no_body(ok + "X: y"))),
        to_head(kept("HEAD and chunked", no_body(ok + "Transfer-Encoding: chunked"))),
        to_head(last("HEAD and a body", no_body(ok + "Content-Length: 5") + "hello")),
        to_head(last("HEAD and chunks", no_body(ok + "Transfer-Encoding: chunked") + "0\r\n\r\n")),
        to_head(last("HEAD and another answer", no_body(ok + "Content-Length: 5") + good)),
        to_head(refused("HEAD, length and coding", no_body(ok + "Content-Length: 5\r\nTransfer-Encoding: chunked"))),
        kept("204", no_body("204 No Content"), "", 204),
        kept("204 and length 0", no_body("204 No Content\r\nContent-Length: 0"), "", 204),
        last("204 and a length", no_body("204 No Content\r\nContent-Length: 5"), "", 204),
        last("204 and a body", no_body("204 No Content\r\nContent-Length: 5") + "hello", "", 204),
        last("204 and chunked", no_body("204 No Content\r\nTransfer-Encoding: chunked"), "", 204),
        last("204 and chunks", no_body("204 No Content\r\nTransfer-Encoding: chunked") + "0\r\n\r\n", "", 204),
        kept("304 and a length", no_body("304 Not Modified\r\nContent-Length: 5"), "", 304),
        kept("304 and chunked", no_body("304 Not Modified\r\nTransfer-Encoding: chunked"), "", 304),
        last("304 and a body", no_body("304 Not Modified\r\nContent-Length: 5") + "hello", "", 304),
        kept("205 and length 0", no_body("205 Reset Content\r\nContent-Length: 0"), "", 205),
    };
}

inline std::vector<answer_row> of_more_than_one()
{
    const std::string go_on = no_body("100 Continue");
    const std::string hints = no_body("103 Early Hints\r\nLink: </x>");
    return {
        kept("100", go_on + good, "hello"),
        kept("103", hints + good, "hello"),
        kept("102, 103 and an unknown one", no_body("102 Processing") + hints + no_body("199 x") + good, "hello"),
        kept("32 times 100", times(32, go_on) + good, "hello"),
        refused("33 times 100", times(33, go_on)),
        refused("70 KB of hints", times(20, no_body("103 Early Hints\r\nLink: " + std::string(3'500, 'x'))),
                errc::header_limit),
        refused("101", no_body("101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: h2c")),
        refused("101 behind 100", go_on + no_body("101 Switching Protocols")),
        kept("100 and length 0", no_body("100 Continue\r\nContent-Length: 0") + good, "hello"),
        refused("100 and a body", no_body("100 Continue\r\nContent-Length: 5") + "hello" + good),
        refused("100 and chunks", no_body("100 Continue\r\nTransfer-Encoding: chunked") + "0\r\n\r\n" + good),
        last("100 and the length of an answer", no_body("100 Continue\r\nContent-Length: 64") + good, "hello"),
        last("100 and chunked", no_body("103 x\r\nTransfer-Encoding: chunked") + good, "hello"),
        last("100 that means to close", no_body("100 Continue\r\nConnection: close") + good, "hello"),
        last("100 in HTTP/1.0", "HTTP/1.0 100 Continue\r\n\r\n" + good, "hello"),
        last("100 with a field that goes on", no_body("100 Continue\r\nX: a\r\n b") + good, "hello"),
        cut("100 and the end", go_on),
        refused("100 and nonsense", go_on + "nonsense"),
        last("another answer right behind", good + length(" 4"), "hello"),
        last("a byte behind", good + "H", "hello"),
        last("an empty line behind", good + "\r\n", "hello"),
        last("another answer behind an answer without a body", no_body("304 Not Modified") + good, "", 304),
        last("100 behind", good + go_on, "hello"),
        cut("nothing", ""),
    };
}

// After every byte but the last.
inline std::vector<answer_row> of_ends()
{
    std::vector<answer_row> rows;
    for (const std::string& whole : {good, good_chunks})
        for (std::size_t n = 0; n < whole.size(); ++n)
            rows.push_back(cut("cut at " + std::to_string(n) + " of " + whole, whole.substr(0, n)));
    const std::size_t header = good_to_the_end.find("\r\n\r\n") + 4;
    for (std::size_t n = 0; n <= good_to_the_end.size(); ++n) {
        const std::string bytes = good_to_the_end.substr(0, n);
        const std::string name = "cut at " + std::to_string(n) + " of a body that ends with the stream";
        // nothing tells a cut body of this kind from a whole one but the way the stream ends
        rows.push_back(n < header ? cut(name, bytes) : last(name, bytes, bytes.substr(header)));
        rows.back().closes = true;
    }
    return rows;
}

} // namespace afresh::test::answers

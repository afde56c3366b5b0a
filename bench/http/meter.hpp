#pragma once
// What the programs that load a server with GETs share: one command line, and one line of JSON as the answer.

#include <chrono>
#include <string>

namespace bench {

// PROGRAM [--MODE] URL CONNECTIONS SECONDS [CA_FILE]
struct load {
    load(int count, char** arguments); // leaves the program when they are wrong
    std::string mode;                  // without the dashes; empty: none
    std::string url;
    int connections{};
    std::chrono::seconds time{};
    std::string ca_file;
};

// The parts of `http[s]://127.0.0.1:8080/path`; a port must be there.
struct address {
    explicit address(const std::string& url);
    bool secure{};
    std::string host;
    std::string port;
    std::string target;
};

// Every request of every program carries a token of this length; the server asks for one.
inline constexpr const char* sample_token = "access-0001-vF9dft4qmTc2Nvb3RlckBhcHBzLmV4YW1wbGUuY29t";

// Counts for the time asked, from the moment that each connection has had an answer, good or not: connecting, and what a
// program does only once, is no part of a request.
class meter {
public:
    explicit meter(const load& l) : load_(l) {}
    bool goes_on() const { return !over_; }
    void count(bool first_of_its_connection, bool good);
    void print() const;

private:
    using clock = std::chrono::steady_clock;
    void start();

    const load& load_;
    int warm_{};
    long done_{}, failed_{};
    clock::time_point begin_{}, last_{};
    double processor_begin_{}, processor_{};
    bool over_{};
};

} // namespace bench

#pragma once
// A home directory of its own for the `afresh` command, and the command in it.

#include "support/child_program.hpp"
#include "support/temp_directory.hpp"

#include <cstdlib>
#include <fstream>
#include <iterator>
#include <string>

#include <sys/stat.h>
#include <sys/wait.h>

namespace afresh::test {

inline std::string content(const std::string& path)
{
    std::ifstream in(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
}

struct ended {
    int code{};
    std::string out, err;
};

struct home {
    temp_directory directory;
    std::string path = directory / "home";
    int runs = 0;

    home() { ::mkdir(path.c_str(), 0700); }
    std::string file(const std::string& name) const { return path + "/" + name; }
    std::string write(const std::string& name, const std::string& text) const
    {
        std::ofstream(file(name), std::ios::binary) << text;
        return file(name);
    }
    // `more`: further members of the configuration.
    void configure(const std::string& profiles, const std::string& more = {}) const
    {
        write("config.json", "{\"profiles\": {" + profiles + "}" + more + "}");
    }
    // With nothing of the tester's own environment.
    std::string command(const std::string& arguments) const
    {
        return "env -i HOME=" + path + " AFRESH_CONFIG=" + file("config.json") +
               " PATH=/usr/bin:/bin " AFRESH_COMMAND " " + arguments;
    }
    ended run(const std::string& arguments)
    {
        const std::string out = file("out" + std::to_string(++runs)), err = file("err" + std::to_string(runs));
        const int status = std::system((command(arguments) + " >" + out + " 2>" + err + " </dev/null").c_str());
        return {WEXITSTATUS(status), content(out), content(err)};
    }
};

// A client with client credentials, whose secret is in that file.
// `more`: further members.
inline std::string machine_profile(const std::string& issuer, const std::string& secret_file,
                                   const std::string& more = {})
{
    return R"("robot": {"client_id": "basic", "client_authentication": "client_secret_basic", "grant": "client_credentials",)"
           R"("client_secret": {"file": ")" +
           secret_file + R"("}, "issuer": ")" + issuer + "\"" + more + "}";
}

} // namespace afresh::test

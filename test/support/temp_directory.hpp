#pragma once
// A directory of the test's own, mode 0700, removed with all that is in it.

#include <cstdlib>
#include <filesystem>
#include <stdexcept>
#include <string>

namespace afresh::test {

class temp_directory {
public:
    temp_directory()
    {
        std::string pattern = (std::filesystem::temp_directory_path() / "afresh-test-XXXXXX").string();
        if (!::mkdtemp(pattern.data())) throw std::runtime_error("no temporary directory");
        path_ = pattern;
    }
    ~temp_directory()
    {
        std::error_code ignored;
        std::filesystem::remove_all(path_, ignored);
    }
    temp_directory(const temp_directory&) = delete;
    temp_directory& operator=(const temp_directory&) = delete;

    std::string operator/(const std::string& name) const { return path_ + "/" + name; }
    const std::string& path() const noexcept { return path_; }

private:
    std::string path_;
};

} // namespace afresh::test

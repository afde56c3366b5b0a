#include <afresh/secret_string.hpp>

#include <cstring>
#include <string.h>
#include <utility>

namespace afresh {

secret_string::secret_string(std::string_view text)
{
    if (text.empty()) return;
    data_ = new char[text.size()];
    std::memcpy(data_, text.data(), text.size());
    size_ = text.size();
}

secret_string::secret_string(secret_string&& other) noexcept
    : data_(std::exchange(other.data_, nullptr)), size_(std::exchange(other.size_, 0))
{
}

secret_string& secret_string::operator=(const secret_string& other)
{
    if (this != &other) *this = secret_string(other);
    return *this;
}

secret_string& secret_string::operator=(secret_string&& other) noexcept
{
    if (this != &other) {
        wipe();
        data_ = std::exchange(other.data_, nullptr);
        size_ = std::exchange(other.size_, 0);
    }
    return *this;
}

void secret_string::wipe() noexcept
{
    if (data_) explicit_bzero(data_, size_);
    delete[] std::exchange(data_, nullptr);
    size_ = 0;
}

bool operator==(const secret_string& a, const secret_string& b) noexcept
{
    if (a.size_ != b.size_) return false;
    unsigned char difference = 0;
    for (std::size_t i = 0; i < a.size_; ++i)
        difference = static_cast<unsigned char>(difference | (a.data_[i] ^ b.data_[i]));
    return difference == 0;
}

void wipe(std::string& text) noexcept
{
    // The whole capacity: what was erased or moved within the buffer is still there.
    text.resize(text.capacity());
    explicit_bzero(text.data(), text.size());
    text.clear();
}

} // namespace afresh

#pragma once
/// @file
/// A value, or the reason why there is none.

#include <afresh/error.hpp>

#include <boost/system/system_error.hpp>

#include <optional>
#include <type_traits>
#include <utility>

namespace afresh {

/// The part of `boost::system::result<T>` that is used here: including that costs 7 % of an Asio program's parsing.
template <class T>
class result {
public:
    result(T value) : value_(std::move(value)) {}
    result(error_code error) noexcept : error_(error) {}
    template <class Enum>
    requires boost::system::is_error_code_enum<Enum>::value result(Enum error)
    noexcept : error_(make_error_code(error)) {}

    bool has_value() const noexcept { return value_.has_value(); }
    explicit operator bool() const noexcept { return has_value(); }
    /// Not an error while there is a value.
    error_code error() const noexcept { return error_; }

    /// The value. Throws `boost::system::system_error` when there is none.
    T& value() &
    {
        require();
        return *value_;
    }
    const T& value() const&
    {
        require();
        return *value_;
    }
    T&& value() &&
    {
        require();
        return *std::move(value_);
    }
    /// The value. Undefined when there is none.
    T& operator*() & noexcept { return *value_; }
    const T& operator*() const& noexcept { return *value_; }
    T&& operator*() && noexcept { return *std::move(value_); }
    T* operator->() noexcept { return &*value_; }
    const T* operator->() const noexcept { return &*value_; }

private:
    void require() const
    {
        if (!value_) throw boost::system::system_error(error_);
    }

    std::optional<T> value_;
    error_code error_{};
};

} // namespace afresh

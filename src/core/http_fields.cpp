#include "core/text.hpp"

#include <afresh/http_message.hpp>
#include <afresh/secret_string.hpp>

#include <algorithm>

namespace afresh {

std::string_view http_fields::find(std::string_view name) const noexcept
{
    for (const auto& f : fields_)
        if (core::iequals(f.name, name)) return f.value;
    return {};
}

bool http_fields::contains(std::string_view name) const noexcept
{
    return std::any_of(begin(), end(), [&](const http_field& f) { return core::iequals(f.name, name); });
}

std::vector<std::string_view> http_fields::find_all(std::string_view name) const
{
    std::vector<std::string_view> all;
    for (const auto& f : fields_)
        if (core::iequals(f.name, name)) all.emplace_back(f.value);
    return all;
}

void http_fields::add(std::string name, std::string value) { fields_.emplace_back(std::move(name), std::move(value)); }

void http_fields::append(std::string_view name, std::string_view value)
{
    http_field& f = fields_.emplace_back(); // filled where it is: short texts are quicker copied than moved
    f.name = name;
    f.value = value;
}

void http_fields::set(std::string name, std::string value)
{
    erase(name);
    add(std::move(name), std::move(value));
}

void http_fields::erase(std::string_view name)
{
    std::erase_if(fields_, [&](const http_field& f) { return core::iequals(f.name, name); });
}

void http_fields::wipe() noexcept
{
    for (http_field& f : fields_) afresh::wipe(f.value);
    fields_.clear();
}

} // namespace afresh

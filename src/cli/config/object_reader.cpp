#include "cli/config/object_reader.hpp"

#include <algorithm>
#include <cmath>
#include <utility>

namespace afresh::cli {
namespace {

// Of the two words how many letters must change (Levenshtein).
std::size_t distance(std::string_view a, std::string_view b)
{
    std::vector<std::size_t> row(b.size() + 1);
    for (std::size_t j = 0; j <= b.size(); ++j) row[j] = j;
    for (std::size_t i = 1; i <= a.size(); ++i) {
        std::size_t before = std::exchange(row[0], i);
        for (std::size_t j = 1; j <= b.size(); ++j) {
            const std::size_t change = before + (a[i - 1] == b[j - 1] ? 0 : 1);
            before = std::exchange(row[j], std::min({change, row[j] + 1, row[j - 1] + 1}));
        }
    }
    return row[b.size()];
}

} // namespace

object_reader::object_reader(const located& object, std::string where) : object_(object), where_(std::move(where))
{
    if (object.type != located::kind::object) fail(object.line, "must be an object: { ... }");
}

void object_reader::fail(std::size_t line, const std::string& why) const
{
    throw located_error(line, where_.empty() ? why : where_ + ": " + why);
}

const located* object_reader::find(std::string_view name)
{
    known_.emplace_back(name);
    for (const located_member& m : object_.members)
        if (m.name == name) return &m.value;
    return nullptr;
}

const located* object_reader::of_kind(std::string_view name, located::kind k, const char* what)
{
    const located* const v = find(name);
    if (v && v->type != k) fail(v->line, std::string(name) + " must be " + what);
    return v;
}

void object_reader::text(std::string_view name, std::string& into)
{
    const located* const v = of_kind(name, located::kind::text, "a text in quotes");
    if (v && v->text.empty()) fail(v->line, std::string(name) + " is empty; leave it out");
    if (v) into = v->text;
}

void object_reader::word(std::string_view name, std::string& into, std::initializer_list<std::string_view> words)
{
    text(name, into);
    const located* const v = find(name);
    if (!v || std::find(words.begin(), words.end(), into) != words.end()) return;
    std::string all;
    for (const std::string_view w : words) (all += all.empty() ? "" : ", ") += w;
    fail(v->line, std::string(name) + " is none of " + all);
}

void object_reader::flag(std::string_view name, bool& into)
{
    if (const located* const v = of_kind(name, located::kind::boolean, "true or false")) into = v->flag;
}

void object_reader::count(std::string_view name, std::size_t& into, std::size_t least, std::size_t most)
{
    const located* const v = of_kind(name, located::kind::number, "a number");
    if (!v) return;
    if (v->number < static_cast<double>(least) || v->number > static_cast<double>(most) ||
        v->number != std::floor(v->number))
        fail(v->line, std::string(name) + " must be a whole number from " + std::to_string(least) + " to " +
                          std::to_string(most));
    into = static_cast<std::size_t>(v->number);
}

void object_reader::texts(std::string_view name, std::vector<std::string>& into)
{
    const located* const v = of_kind(name, located::kind::list, "a list: [ ... ]");
    if (!v) return;
    for (const located& item : v->items) {
        if (item.type != located::kind::text) fail(item.line, std::string(name) + " must have texts only");
        into.push_back(item.text);
    }
}

void object_reader::finish() const
{
    for (const located_member& m : object_.members) {
        if (std::find(known_.begin(), known_.end(), m.name) != known_.end()) continue;
        const auto nearest = std::min_element(known_.begin(), known_.end(), [&](const auto& a, const auto& b) {
            return distance(a, m.name) < distance(b, m.name);
        });
        std::string why = "unknown name \"" + m.name + "\"";
        if (nearest != known_.end() && distance(*nearest, m.name) <= 3) why += "; did you mean \"" + *nearest + "\"?";
        fail(m.line, why);
    }
}

} // namespace afresh::cli

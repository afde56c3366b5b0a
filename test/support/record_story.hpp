#pragma once
// A record and what happens to it, at times of the test's choosing.

#include "support/commands.hpp"

#include <stdexcept>

namespace afresh::test {

struct record_story {
    chain_record record;
    bool found{};
    store_time now{std::chrono::hours(24 * 365 * 50)};
    store_reply reply;

    status does(const store_command& command)
    {
        const chain_record before = record;
        reply = apply(record, command, now, found);
        if (reply.outcome == status::ok)
            found = found || record != before;
        else if (record != before)
            throw std::logic_error("a command that did not succeed has changed the record");
        if (reply.record != record) throw std::logic_error("the reply shows another record");
        return reply.outcome;
    }
    // A chain of refresh token `rt` at generation 1, whose lease "a" holds with the fence that is returned.
    std::uint64_t begin(const std::string& rt = "r1")
    {
        does(take("a"));
        does(replace(record.holder.fence, 0, rt, rt));
        return record.holder.fence;
    }
    // The lease's end came, and another process takes it.
    std::uint64_t overtake(const std::string& owner = "b")
    {
        now += seconds(7);
        does(take(owner));
        return record.holder.fence;
    }
};

} // namespace afresh::test

#pragma once
// A state machine on a clock of its own: what a transcript needs to read like a story.

#include "core/refresh_fsm.hpp"

#include <chrono>
#include <optional>

namespace afresh::test {

struct fsm_story {
    explicit fsm_story(refresh_policy p = {}) : policy(p), fsm(p) {}

    struct details {
        std::optional<std::chrono::seconds> retry_after{};
        bool after_5xx{};
        std::uint32_t sends = 1;
        std::chrono::milliseconds first_sent_ago{0};
        bool in_doubt{};
    };

    core::view look() const { return {.now = now, .jitter = jitter, .waiters = waiters, .used = false}; }
    core::effects get() { return fsm.on_get(look()); }
    core::effects rejected() { return fsm.on_rejected(look()); }
    core::effects tick() { return fsm.on_tick(look()); }
    core::effects tokens(std::optional<std::chrono::seconds> lifetime, bool unsaved = false)
    {
        core::dialogue_result r;
        r.end = core::dialogue_end::tokens;
        r.times = core::schedule(now, lifetime, policy, 0);
        r.unsaved = unsaved;
        return fsm.on_result(r, look());
    }
    core::effects ended(core::dialogue_end end)
    {
        core::dialogue_result r;
        r.end = end;
        return fsm.on_result(r, look());
    }
    core::effects answer(core::verdict v) { return answer(v, details()); }
    core::effects answer(core::verdict v, details d)
    {
        core::dialogue_result r;
        r.end = core::dialogue_end::answered;
        r.answer = v;
        r.retry_after = d.retry_after;
        r.after_5xx = d.after_5xx;
        r.cause = v == core::verdict::misconfigured ? errc::misconfigured : errc::temporarily_unavailable;
        r.sends = d.sends;
        r.first_sent = core::after(now, -d.first_sent_ago);
        r.in_doubt = d.in_doubt || v == core::verdict::in_doubt;
        return fsm.on_result(r, look());
    }
    // A token issued now, asked for by a caller.
    void fresh(std::chrono::seconds lifetime)
    {
        get();
        tokens(lifetime);
    }
    // A token of an hour is due, and its renewal under way.
    void renew()
    {
        fresh(std::chrono::seconds(3600));
        pass(std::chrono::seconds(3300));
        get();
    }
    void pass(std::chrono::nanoseconds by) { now = core::after(now, by); }
    void pass_to_wake() { now = {fsm.wake_at(look()).mono, fsm.wake_at(look()).wall}; }
    std::chrono::nanoseconds wake_in() const
    {
        const auto at = fsm.wake_at(look()).mono;
        return at == core::mono_time::max() ? std::chrono::nanoseconds::max() : at - now.mono;
    }

    refresh_policy policy;
    core::refresh_fsm fsm;
    core::moment now{core::mono_time(std::chrono::hours(1000)), core::wall_time(std::chrono::seconds(1'700'000'000))};
    double jitter = 0.5;
    bool waiters = false;
};

} // namespace afresh::test

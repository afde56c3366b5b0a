#pragma once
// The invariants of DESIGN section 4, as an onlooker at the three seams and beside the callers sees them. It knows what
// was injected; the library does not. The first violation is kept and ends the run.

#include "simulation/world/authorization_server.hpp"
#include "simulation/world/machine.hpp"
#include "simulation/world/network.hpp"

#include <afresh/access_token.hpp>
#include <afresh/chain_record.hpp>
#include <afresh/refresh_policy.hpp>
#include <afresh/status.hpp>

#include <array>
#include <deque>
#include <optional>
#include <string>
#include <vector>

namespace simulation {

class process;
class world;

// How a request ended, for its sender.
enum class ending {
    open,
    answered,     // a success, read to its end
    refused,      // invalid_grant
    not_consumed, // another verdict
    doubt,        // no verdict
    died,         // the sender did not live to see it
};

// A refresh token on its way to the server, from its first byte on.
struct presentation {
    token_id refresh = no_token;
    life_id life{};
    afresh::instant sent{}; // by the sender's clocks
    ending end = ending::open;
    std::size_t successes{}; // saved by anybody before it
    virtual_time at{};
    virtual_time ended{};
};

// A record before a command.
struct record_facts {
    std::uint64_t generation{};
    token_id refresh = no_token;
};

// What the onlooker knows about one life of one process.
struct life_facts {
    life_id life{};
    bool closing{};

    // I5
    token_id newest = no_token; // received and not seen in the store
    int saves_under_way{};      // store commands that carry it
    // The refresh token that a dead life left with an intent and no verdict, and when the store first answered.
    token_id inherited = no_token;
    std::optional<std::chrono::steady_clock::time_point> first_contact;
    // I6
    std::uint64_t intents_used{}; // of the store's count of intents, at the last request
    // I7
    bool usable_answer{};         // the last one had an access token that may be used
    token_id received = no_token; // the access token of the last answer
    afresh::instant received_sent{};
    bool served{}; // ... has been handed out, and nobody has rejected it
    // I8
    std::chrono::steady_clock::time_point not_before{};       // because of a failure, ...
    token_id failed = no_token;                               // ... of this refresh token
    std::chrono::steady_clock::time_point not_before_floor{}; // because the last success was a moment ago
    std::chrono::steady_clock::time_point not_before_due{};   // because a good token is held
    std::deque<std::chrono::steady_clock::time_point> requests;
    std::deque<std::chrono::steady_clock::time_point> occasions; // for a further request: successes, people, clocks
    token_id latched = no_token;                                 // refused, and nobody has said anything since
    std::optional<std::uint32_t> ending;                         // the family of the last tombstone
    std::optional<std::uint32_t> ended;                          // the family that this process signed out, ...
    std::uint64_t ended_in{};                                    // ... in which step
    // I12
    unsigned troubles{}; // injected
    virtual_time last_trouble{};
    bool calm = true; // none since the last success that was saved
};

struct wait {
    enum class kind { plain, picky, newer };
    life_id life{};
    kind what = kind::plain;
    std::chrono::steady_clock::time_point deadline{};
    std::chrono::milliseconds max_wait{};
    std::chrono::steady_clock::time_point started{};
    bool at_once{}; // I7
    bool calm{};    // I12
    unsigned troubles{};
    bool done{};
    bool cancelled{};
};

class checker {
public:
    explicit checker(world& w) noexcept : world_(w) {}

    struct violation {
        std::string text; // "I3: ..."
        virtual_time at{};
    };
    const std::optional<violation>& failure() const noexcept { return failure_; }
    void fail(std::string text);

    // --- what the transport sees ---
    std::size_t first_byte(process& p, token_id refresh);
    void connection_ended(process& p, std::size_t presentation, ending how, const server_answer* answer,
                          std::chrono::milliseconds retry_after);
    // A lease that is a time ended while its holder lived: what follows no client can prevent.
    void lease_lapsed(token_id refresh);
    void server_minded_reuse(token_id refresh); // and revoked the family

    // --- what the store sees ---
    void store_asked(process& p, const afresh::store_command& c);
    void store_committed(const record_facts& before, const afresh::chain_record& after, const afresh::store_command& c,
                         life_id by);
    void store_answered(process& p, const afresh::store_command& c, afresh::store_reply::status outcome);

    // --- what callers see ---
    std::size_t wait_started(process& p, wait::kind what, std::chrono::milliseconds max_wait);
    void wait_ended(process& p, std::size_t id, afresh::error_code ec, std::string_view token);
    void cancelled(process& p, std::size_t id); // right after the signal was emitted
    void rejected(process& p, token_id access); // by a resource; right before the library is told
    void somebody_acted(process& p);            // set_tokens, retry_grant
    void told(const afresh::event& e);

    // --- what is done to it ---
    void life_began(process& p, bool after_another);
    void life_ended(process& p);
    void clocks_changed(process& p, bool stepped);
    void stopped(process& p, std::chrono::nanoseconds how_long); // while its clocks go on
    void trouble(process& p);

    void after_step();
    // At the end of a run: nobody waits any more.
    void at_the_end();

    std::size_t requests{}, successes{}, waits{}, failed_waits{};
    // Refusals whose refresh token had been sent before without a verdict.
    std::size_t lost_families{};
    // Refresh tokens sent by two processes because a lease that is a time had lapsed (never on one machine).
    std::size_t overlaps{};

private:
    enum class doubted { no, maybe, yes };
    bool is_unsaved_answer(const presentation& s) const;
    token_id newest_of(const process& p, std::string_view text) const;
    struct intent_facts {
        bool open{};       // written, and no verdict yet
        bool unresolved{}; // there was another before it without a verdict
    };
    doubted doubt_about(token_id refresh, std::size_t until) const;
    intent_facts intent_of(token_id refresh) const;
    void note_intent(token_id refresh, const afresh::store_command& c);
    void note_verdict(token_id refresh, const afresh::store_command& c);
    void check_rate(process& p, token_id refresh, std::chrono::steady_clock::time_point mono);
    void check_unsaved(process& p);
    void check_handed_out(process& p, const wait& w, std::string_view token);
    void check_refusal(process& p, const wait& w, afresh::error_code ec);
    void check_doubt(process& p, token_id refresh);
    bool holds_served_token(process& p) const;
    bool is_rejected(token_id access) const;
    bool is_lapsed(token_id refresh);

    world& world_;
    std::optional<violation> failure_;
    std::vector<presentation> presentations_;
    std::vector<wait> waits_;
    std::vector<std::size_t> waiting_;
    std::vector<life_id> committed_access_; // by token_id: by whom it was made durable first; 0: it was not
    std::vector<virtual_time> committed_at_;
    struct succession {
        life_id received_by{};
        token_id successor = no_token;
        bool saved{};
    };
    std::vector<succession> succeeded_;               // by token_id of the refresh token that was sent
    std::vector<std::size_t> handed_out_;             // by token_id of the access token: in which step, counted from 1
    std::vector<bool> rejected_;                      // by token_id of the access token
    std::vector<bool> lapsed_;                        // by token_id of the refresh token
    bool clocks_stepped_{};                           // ever
    std::vector<intent_facts> intents_;               // by token_id of the refresh token
    virtual_time last_news_ = -std::chrono::hours(1); // when the generation changed
    std::optional<doubted> refusal_;                  // of the last refused grant, while it stands
    life_id refused_{};                               // to whom
};

} // namespace simulation

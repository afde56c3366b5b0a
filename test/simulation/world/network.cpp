#include "simulation/world/network.hpp"

namespace simulation {

using namespace std::chrono_literals;

weather network::look(virtual_time now)
{
    if (!next.empty()) {
        const weather w = next.front();
        next.erase(next.begin());
        return w;
    }
    for (const period& p : forecast)
        if (p.from <= now && now < p.to) return p.what;
    if (!habits.accident.empty() && chance_.chance(habits.accidents))
        return habits.accident[chance_.below(habits.accident.size())];
    return weather::clear;
}

fate network::draw(virtual_time now, std::chrono::milliseconds connect_limit, std::chrono::milliseconds exchange_limit)
{
    fate f;
    f.what = look(now);
    f.connects_in = 3 * chance_.between(habits.latency_low, habits.latency_high); // TCP and TLS
    const auto there = chance_.between(habits.latency_low, habits.latency_high);
    const auto thinks = chance_.between(habits.think_low, habits.think_high);
    const auto back = chance_.between(habits.latency_low, habits.latency_high);
    f.processed_after = there + thinks;
    f.ends_after = there + thinks + back;
    f.answered = true;
    switch (f.what) {
    case weather::clear:
    case weather::garbled: break;
    case weather::unreachable: f.connects_in = connect_limit; break;
    case weather::refused:
    case weather::tls_broken: f.processed_after.reset(); break;
    case weather::gateway_500:
    case weather::gateway_503:
    case weather::too_many:
    case weather::captive:
    case weather::redirect:
    case weather::not_found:
    case weather::forbidden: f.processed_after.reset(); break;
    case weather::slow: {
        const auto takes = chance_.between(exchange_limit / 8, exchange_limit + exchange_limit / 4);
        f.processed_after = chance_.chance(0.5) ? there + thinks : takes - back;
        f.ends_after = takes;
        break;
    }
    case weather::cut: { // at any byte: of the request, and it never happened; of the answer, and it did
        f.answered = false;
        if (chance_.chance(0.4)) f.processed_after.reset();
        f.ends_after = chance_.chance(0.2) ? chance_.spread(1s, exchange_limit) + f.ends_after
                                           : chance_.between(1ns, f.ends_after);
        if (f.processed_after && chance_.chance(0.5)) f.ends_after += there + thinks; // after it was processed
        break;
    }
    case weather::late:
        f.answered = false;
        f.ends_after = chance_.between(1ns, f.ends_after);
        f.processed_after = f.ends_after + chance_.spread(1ms, habits.latest);
        break;
    }
    if (f.connects() && f.ends_after > exchange_limit) { // the client gives up; the server does not know
        f.ends_after = exchange_limit;
        f.answered = false;
    }
    return f;
}

} // namespace simulation

#include "simulation/world/transport.hpp"

#include "simulation/world/world.hpp"

#include <utility>

namespace simulation {
namespace {

// What client and server share of a request; either may be gone before the other is done.
struct exchange {
    afresh::http_request request;
    server_answer answer;
    bool processed{};
};

// An answer of whatever stands in front of the server, which never sees the request.
afresh::http_response gateway_answer(network& net, weather w)
{
    afresh::http_fields fields;
    const auto seconds = net.habits.retry_after;
    if ((w == weather::gateway_503 || w == weather::too_many) && seconds.count() > 0)
        fields.add("Retry-After", std::to_string(seconds.count()));
    switch (w) {
    case weather::gateway_500: return {net.chance().chance(0.5) ? 500u : 502u, fields, "<html>oops</html>"};
    case weather::gateway_503: return {503, fields, "busy"};
    case weather::too_many: return {429, fields, "slow down"};
    case weather::captive:
        fields.add("Content-Type", "text/html");
        return {200, fields, "<html>Accept our terms to go on</html>"};
    case weather::redirect: fields.add("Location", "https://elsewhere.example.com/token"); return {302, fields, {}};
    case weather::not_found: return {404, fields, "<html>not here</html>"};
    case weather::forbidden: return {403, fields, "<html>not you</html>"};
    default: return {500, fields, {}};
    }
}

ending ending_of(const exchange& x, const afresh::http_response& response)
{
    if (x.processed && x.answer.success) return ending::answered;
    if (x.processed && x.answer.doubtful) return ending::doubt;
    const unsigned status = response.status();
    if (x.processed && x.answer.refused && status != 401) return ending::refused;
    if (status >= 400 && status < 500) return ending::not_consumed;
    if (status == 503 && response.fields().contains("Retry-After")) return ending::not_consumed;
    return x.processed && status == 200 ? ending::not_consumed : ending::doubt;
}

bool is_gateway(weather w)
{
    switch (w) {
    case weather::gateway_500:
    case weather::gateway_503:
    case weather::too_many:
    case weather::captive:
    case weather::redirect:
    case weather::not_found:
    case weather::forbidden: return true;
    default: return false;
    }
}

// A body that is not what it should be, though the connection was in order. Either nothing can be read from it, or it
// is broken JSON in which the new refresh token stands all the same, the only copy there is.
ending garble(afresh::http_response& response, server_answer& answer, random_numbers& chance)
{
    std::string& body = response.body();
    if (answer.success && answer.refresh != no_token && chance.chance(0.3)) {
        body.pop_back();
        answer.access = no_token;
        return ending::answered;
    }
    body.resize(body.size() / 2 - chance.below(body.size() / 4 + 1)); // no refresh token is left in it
    return ending::doubt;
}

} // namespace

asio::awaitable<afresh::transport_outcome> world_transport::revoke(afresh::transport_request request)
{
    using afresh::errc;
    const fate f = world_.net.draw(world_.now(), request.connect_limit, request.exchange_limit);
    co_await sleep_until(world_.queue, world_.now() + f.connects_in, life_);
    if (!f.connects()) co_return afresh::transport_outcome(errc::connect_failed, false);
    const std::string& body = request.request.body(); // token=...&token_type_hint=...
    const std::string token = body.substr(6, body.find('&') - 6);
    const auto processed = std::make_shared<bool>();
    world_.tell("process ", process_.number(), " asks to revoke ", token);
    if (f.processed_after && !is_gateway(f.what))
        world_.queue.in(*f.processed_after, nobody, [&w = world_, token, processed] {
            w.server.revoke(token);
            *processed = true;
        });
    co_await sleep_until(world_.queue, world_.now() + f.ends_after, life_);
    if (f.answered && is_gateway(f.what)) co_return afresh::transport_outcome(gateway_answer(world_.net, f.what));
    if (!f.answered || !*processed) co_return afresh::transport_outcome(errc::connection_lost, true);
    co_return afresh::transport_outcome(afresh::http_response(200, {}, {}));
}

asio::awaitable<afresh::transport_outcome> world_transport::send(afresh::transport_request request)
{
    using afresh::errc;
    if (request.request.url().ends_with("/revoke")) co_return co_await revoke(std::move(request));
    const fate f = world_.net.draw(world_.now(), request.connect_limit, request.exchange_limit);
    if (!f.clean()) world_.check.trouble(process_);
    co_await sleep_until(world_.queue, world_.now() + f.connects_in, life_);
    if (!f.connects()) {
        world_.tell("process ", process_.number(), " cannot connect");
        const errc why = f.what == weather::refused      ? errc::connect_failed
                         : f.what == weather::tls_broken ? errc::tls_failed
                                                         : errc::connect_timed_out;
        afresh::transport_outcome failed(why, false);
        co_return failed;
    }
    if (request.before_first_byte)
        if (const afresh::error_code stop = request.before_first_byte()) {
            world_.check.trouble(process_); // its lease ran out: the store or the connection took too long
            afresh::transport_outcome failed(stop, false);
            co_return failed;
        }

    const auto x = std::make_shared<exchange>();
    x->request = std::move(request.request);
    const token_id refresh = authorization_server::presented(x->request.body(), world_.server);
    const std::size_t sent = world_.check.first_byte(process_, refresh);
    world_.tell("process ", process_.number(), " sends refresh token ", refresh, ", weather ",
                static_cast<int>(f.what));
    // I12 promises a token if the server answers in time: two exchanges fit into the wait that the onlooker goes by.
    if (f.connects_in + f.ends_after > std::chrono::seconds(8)) world_.check.trouble(process_);
    process_.reached(crash_point::bytes_sent);
    if (f.processed_after && !is_gateway(f.what)) {
        const auto process_it = [&w = world_, &p = process_, x, refresh] {
            x->answer = w.server.token_request(x->request, w.now());
            x->processed = true;
            w.tell("the server gets refresh token ", refresh, ": status ", x->answer.response.status(),
                   ", refresh token ", x->answer.refresh, ", access token ", x->answer.access,
                   x->answer.reused ? ", reuse: family revoked" : "");
            if (x->answer.reused) w.check.server_minded_reuse(refresh);
            if (x->answer.success) p.reached(crash_point::rotated);
        };
        world_.queue.in(*f.processed_after, nobody, process_it);
        if (world_.transport_flaw.sends_twice) {
            world_.check.first_byte(process_, refresh);
            world_.queue.in(*f.processed_after * 2, nobody, process_it);
        }
    }
    co_await sleep_until(world_.queue, world_.now() + f.ends_after, life_);

    if (!f.answered || (!is_gateway(f.what) && !x->processed)) {
        world_.tell("process ", process_.number(), " loses the connection");
        world_.check.connection_ended(process_, sent, ending::doubt, nullptr, {});
        afresh::transport_outcome lost(errc::connection_lost, true);
        co_return lost;
    }
    afresh::http_response response = is_gateway(f.what) ? gateway_answer(world_.net, f.what) : x->answer.response;
    ending end = ending_of(*x, response);
    if (f.what == weather::garbled && response.status() == 200) end = garble(response, x->answer, world_.net.chance());
    if (end != ending::answered || x->answer.access == no_token || world_.server.access(x->answer.access).unusable)
        world_.check.trouble(process_);
    std::chrono::milliseconds retry_after{};
    if (end == ending::not_consumed && !response.fields().find("Retry-After").empty())
        retry_after = world_.net.habits.retry_after;
    world_.tell("process ", process_.number(), " reads status ", response.status());
    world_.check.connection_ended(process_, sent, end, end == ending::answered ? &x->answer : nullptr, retry_after);
    process_.reached(crash_point::answer_read);
    afresh::transport_outcome outcome(std::move(response));
    co_return outcome;
}

} // namespace simulation

#include "cli/command/exit_code.hpp"

#include "cli/config/configuration.hpp"
#include "cli/show/status_text.hpp"

#include <afresh/sign_in_error.hpp>

#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>
#include <boost/system/system_error.hpp>

#include <iostream>
#include <utility>

namespace afresh::cli {
namespace {

std::string sign_in_again(const std::string& profile)
{
    return "sign in: afresh login" + (profile.empty() ? "" : " " + profile);
}

// There is a doctor for profiles only.
std::string or_ask(std::string remedy, const std::string& profile)
{
    return profile.empty() ? remedy : remedy + "; what is wrong is found by: afresh doctor " + profile;
}

failure of_code(const error_code& ec, std::string text, const std::string& profile)
{
    if (ec.category() != error_category()) return {exit_unavailable, std::move(text), {}};
    switch (static_cast<errc>(ec.value())) {
    case errc::sign_in_required:
    case errc::rotation_in_doubt:
    case errc::not_renewable:
    case errc::sign_in_refused:
    case errc::sign_in_lost:
    case errc::invalid_callback: return {exit_sign_in, std::move(text), sign_in_again(profile)};
    case errc::misconfigured:
    case errc::invalid_argument:
    case errc::insecure_url:
    case errc::invalid_metadata:
        return {exit_config, std::move(text),
                or_ask("compare the profile with what the server knows of this client", profile)};
    case errc::origin_not_allowed:
        return {exit_config, "the token may not be sent to that origin",
                "add the origin to \"origins\" of the profile, if the token may go there"};
    case errc::store_failed: return {exit_io, std::move(text), {}};
    case errc::temporarily_unavailable:
    case errc::malformed_response:
    case errc::wait_timed_out: return {exit_later, std::move(text), or_ask("try again later", profile)};
    default: return {exit_unavailable, std::move(text), {}};
    }
}

} // namespace

failure explain(const std::exception_ptr& e, const std::string& profile)
{
    try {
        std::rethrow_exception(e);
    } catch (const configuration_error& c) {
        return {exit_config, c.what(), {}};
    } catch (const boost::system::system_error& s) {
        return of_code(s.code(), words_of(s), profile);
    } catch (const std::exception& other) {
        return {exit_unavailable, other.what(), {}};
    }
}

int report(const failure& f, bool json)
{
    if (json) {
        boost::json::object o;
        o["error"] = f.text;
        if (!f.remedy.empty()) o["remedy"] = f.remedy;
        o["exit_code"] = f.code;
        std::cerr << boost::json::serialize(o) << '\n';
    } else {
        std::cerr << "afresh: " << f.text << '\n';
        if (!f.remedy.empty()) std::cerr << "        " << f.remedy << '\n';
    }
    return f.code;
}

} // namespace afresh::cli

#include <afresh/client_registration.hpp>

#include <afresh/server_metadata.hpp>

// Here, so that those who include the header need not instantiate what grows a vector.

namespace afresh {

client_registration::client_registration(const server_metadata& server, std::string client_id)
    : token_endpoint_(server.token_endpoint),
      revocation_endpoint_(server.revocation_endpoint),
      client_id_(std::move(client_id)),
      issuer_(server.issuer)
{
}

client_registration& client_registration::refused_status(unsigned status) &
{
    refused_statuses_.push_back(status);
    return *this;
}

grant& grant::parameter(std::string name, std::string value) &
{
    parameters_.emplace_back(std::move(name), std::move(value));
    return *this;
}

grant grant::extension(std::string grant_type, std::shared_ptr<grant_parameters> parameters)
{
    grant made(kind::extension, std::move(grant_type), {});
    made.further_ = std::move(parameters);
    return made;
}

} // namespace afresh

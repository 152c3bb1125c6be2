#pragma once

#include <functional>

#include "coro/descriptor.hpp"
#include "coro/yield.hpp"
#include "server/status/status.hpp"

namespace server {

/// Serves one client of the admin endpoint: answers each request with the status at that moment,
/// until the client or an answer closes the connection. 5 s are the limit for a whole request to
/// arrive and its response to leave, and for the next one to follow.
void serve_http(coro::Descriptor descriptor, const std::function<Status()>& get_status,
                coro::Yield yield);

}  // namespace server

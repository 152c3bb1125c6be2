#pragma once

#include <cstddef>
#include <functional>

#include "coro/condition.hpp"
#include "coro/descriptor.hpp"
#include "coro/yield.hpp"
#include "server/status/status.hpp"

namespace server {

/// Counts the connections on which no request has begun.
struct IdleConnections {
  std::size_t& count;
  coro::Condition& changed;  ///< notified when there is one more
};

/// Serves one client of the admin endpoint: answers each request with the status at that moment,
/// until the client or an answer closes the connection. 5 s are the limit for a whole request to
/// arrive and its response to leave, and for the next one to follow.
void serve_http(coro::Descriptor descriptor, const std::function<Status()>& get_status,
                const IdleConnections& idle, coro::Yield yield);

}  // namespace server

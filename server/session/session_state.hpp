#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>

#include "coro/io.hpp"
#include "server/net/peer.hpp"
#include "server/session/client_log.hpp"
#include "server/session/delivery.hpp"
#include "server/session/faults.hpp"
#include "server/status/ending.hpp"

namespace server {

/// A session over a plain socket, as another program needs it to go on where this one stops. The
/// state of the socket itself, such as bytes that the kernel holds, stays in the kernel.
struct SessionState {
  int socket = -1;  ///< the number of the descriptor, which the session keeps
  std::uint64_t number = 0;
  Peer peer = {};
  coro::Clock::time_point connected = {};
  /// The session has not got beyond the PROXY header: the bytes that it has read of one, if any.
  std::optional<std::string> greeting = {};
  bool introduced = false;  ///< the connect event is logged, or was left out by configuration
  std::chrono::system_clock::time_point connected_at = {};  ///< the time of that event
  SessionTotals totals = {};
  std::optional<coro::Clock::time_point> silent_since = {};  ///< limits.idle_timeout counts
  std::string unsent = {};                ///< the rest of the echo, which the kernel has not taken
  std::chrono::nanoseconds held_back{0};  ///< until `unsent` may be sent (faults.delay)
  DeliveryState delivery = {};            ///< limits.write_timeout counts; none without a stall
  std::optional<Ending> ending = {};      ///< why the connection ends, once `unsent` is sent
  std::string detail = {};                ///< stands behind the ending in the log
  std::optional<coro::Clock::time_point> goodbye_until = {};  ///< of a goodbye that has begun
  std::optional<FaultsState> faults = {};
};

}  // namespace server

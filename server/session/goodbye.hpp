#pragma once

#include <optional>
#include <span>

#include "coro/connection.hpp"
#include "coro/io.hpp"
#include "coro/yield.hpp"
#include "server/session/delivery.hpp"
#include "server/session/session_context.hpp"

namespace server {

/// The end of a connection: the service has sent its last byte, and waits until the client has it.
///
/// close(2) alone is wrong in two ways. While the client still sends, it resets the connection, and
/// the reset overtakes the last of the echo. Otherwise the kernel goes on sending for minutes, in
/// memory that no limit of ours counts; so the connection keeps its slot (limits.max_connections)
/// until everything has arrived.
class Goodbye {
 public:
  /// The arguments outlive the Goodbye.
  Goodbye(coro::Connection& stream, std::span<char> scratch, const Stage& stage,
          const Delivery& delivery)
      : stream_(stream), scratch_(scratch), stage_(stage), delivery_(delivery) {}

  /// The service ends the connection: it sends the end of the stream, and discards what the client
  /// still sends until the client closes its half. Returns false if the client does not take its
  /// echo in time: 10 s, and one more for each 32 KiB that it is owed. `until` is set to the end of
  /// this time, unless another program has begun the goodbye and set it.
  bool say(std::optional<coro::Clock::time_point>& until, coro::Yield yield);

  /// The client has closed its half, and may still be reading. Returns false if the client takes
  /// nothing any more.
  bool deliver_rest(coro::Yield yield);

 private:
  bool discard_until_closed(coro::Yield yield);
  bool deliver(coro::Clock::time_point until, coro::Yield yield);
  bool gives_up() const;

  coro::Connection& stream_;
  std::span<char> scratch_;   // for bytes that nobody wants
  const Stage& stage_;        // while it waits, the session may have to drain or to abort
  const Delivery& delivery_;  // Session::look_at_delivery() updates it meanwhile
};

}  // namespace server

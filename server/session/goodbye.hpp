#pragma once

#include "coro/io.hpp"
#include "coro/stream.hpp"
#include "coro/yield.hpp"
#include "server/session/delivery.hpp"
#include "server/session/session_context.hpp"

namespace server {

/// The end of a connection: the service has sent its last byte, and waits until the client has it.
///
/// close(2) alone would do neither of two things. While the client still sends it would reset the
/// connection, and the reset would overtake the last of the echo. And the kernel would go on
/// sending for minutes, in memory that no limit of ours counts; so the connection keeps its slot
/// until everything has arrived.
class Goodbye {
 public:
  /// All three outlive it.
  Goodbye(coro::Stream& stream, const SessionContext& context, const Delivery& delivery)
      : stream_(stream), context_(context), delivery_(delivery) {}

  /// The service ends the connection: sends the end of the stream, and discards what the client
  /// still sends until it closes too. Returns false if the client does not take its echo in time:
  /// in 10 s and, the more it is owed, as long as a slow line needs.
  bool say(coro::Yield yield);

  /// The client has closed its half, and may still be reading. Returns false if it has stopped.
  bool deliver_rest(coro::Yield yield);

 private:
  bool discard_until_closed(coro::Yield yield);
  bool deliver(coro::Clock::time_point until, coro::Yield yield);
  bool gives_up() const;

  coro::Stream& stream_;
  const SessionContext& context_;  // while it waits, the service may begin to drain or to abort
  const Delivery& delivery_;       // looked at by Sessions meanwhile
};

}  // namespace server

#pragma once

#include <boost/system/result.hpp>
#include <chrono>
#include <span>
#include <string>
#include <string_view>

#include "coro/connection.hpp"
#include "coro/tls_context.hpp"
#include "coro/yield.hpp"
#include "server/session/session_context.hpp"
#include "server/session/turns.hpp"

namespace server {

/// The reason why a client has no TLS.
struct HandshakeFailure {
  /// A phrase for the log.
  std::string reason;
  /// It has taken longer than tls.handshake_timeout.
  bool timed_out = false;
  /// The client has sent something that is no TLS, or has refused what the service sent. Otherwise
  /// it was silent or went away, as a port scan does.
  bool has_sent = false;
};

/// The result is text for ConnectEvent::tls.
using HandshakeResult = boost::system::result<std::string, HandshakeFailure>;

/// Agrees on TLS with a client and encrypts the connection; `first` are bytes of the client that
/// came with a PROXY header. Suspends until that is done, at most for `timeout`, 0 = no limit. A
/// client that has begun may finish while `stage` is draining, and gets a close_notify then; one
/// that has sent nothing is not waited for.
///
/// A handshake computes for up to a millisecond. So one takes its turn for each round of the
/// scheduler, and a flood of them delays the echo of others by one. A client that sends nothing
/// costs no more than a plain one.
HandshakeResult shake_hands(coro::Connection& connection, const coro::TlsContext& context,
                            std::string first, std::span<char> scratch, Turns& turns,
                            std::chrono::milliseconds timeout, const Stage& stage,
                            coro::Yield yield);

}  // namespace server

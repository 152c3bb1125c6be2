#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "client/wire/exchange.hpp"
#include "coro/io.hpp"
#include "coro/yield.hpp"

namespace client {

/// A way to send messages to the server, each with an answer: a function that is called with its
/// echo. The answers to lost messages are never called.
class Channel {
 public:
  virtual ~Channel() = default;

  /// Suspends until messages can be sent, at most for the limit. Not while it is open.
  virtual coro::error_code open(coro::Yield yield, coro::Clock::duration limit) = 0;
  virtual bool is_open() const = 0;
  virtual void close() = 0;
  /// For people, once it has been opened: `connected to 127.0.0.1:8888 in 0.12 ms`.
  virtual std::string description() const = 0;

  /// Suspends while too much is under way. operation_aborted if it is not open, or is lost
  /// meanwhile.
  virtual coro::error_code send(std::string_view message, Exchange::Answer answer,
                                coro::Yield yield) = 0;

  /// Nothing more is sent: suspends until all has come back, or for as long as there is progress
  /// within each limit. Then it is closed.
  virtual void finish(coro::Yield yield, coro::Clock::duration limit) = 0;

  /// Bytes since the beginning, however often it was opened.
  virtual std::uint64_t bytes_sent() const = 0;
  virtual std::uint64_t bytes_back() const = 0;
};

}  // namespace client

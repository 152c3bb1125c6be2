#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "client/wire/connection.hpp"
#include "client/wire/echo_window.hpp"
#include "client/wire/failure.hpp"
#include "coro/condition.hpp"
#include "coro/scheduler.hpp"
#include "coro/stream.hpp"

namespace client {

/// Messages sent over one connection, and their echoes: each is timed from when it was handed over
/// until its last byte has come back the same.
///
/// It is shared by the coroutines that send, which may be several, and the one that receives.
class Exchange : public std::enable_shared_from_this<Exchange> {
 public:
  /// Begins with an open connection, on the scheduler that it belongs to.
  static std::shared_ptr<Exchange> over(Connection connection, coro::Scheduler& scheduler);

  Exchange(Connection connection, coro::Scheduler& scheduler);

  /// Sends a message, not empty, of at most largest_message bytes. Suspends as long as too many
  /// bytes are on their way. The tag comes back in the reply. An error: the exchange is closed.
  error_code send(std::string_view message, std::uint64_t tag, coro::Yield yield);

  /// Closes the sending half: the server is to send the rest and close.
  void finish();
  /// Ends it; who waits in send() or receive() gets operation_aborted.
  void close();
  bool is_open() const { return open_; }

  struct Reply {
    std::uint64_t tag = 0;
    std::string bytes;  ///< all of the message, as it came
    coro::Clock::duration round_trip{};
  };
  /// eof when the server has closed, whether or not something is missing.
  using Received = std::variant<Reply, Mismatch, error_code>;

  /// Suspends until the next message has come back. After anything but a reply there is nothing
  /// more.
  Received receive(coro::Yield yield);

  const boost::asio::ip::tcp::endpoint& peer() const { return peer_; }
  /// Bytes that have not come back.
  std::size_t missing() const { return window_.outstanding(); }
  std::uint64_t bytes_sent() const { return window_.total(); }
  std::uint64_t bytes_back() const { return window_.verified(); }

  static constexpr std::size_t largest_message = std::size_t{1} << 20U;

 private:
  struct Message {
    std::uint64_t tag = 0;
    std::uint64_t end = 0;  // where it ends in the stream
    coro::Clock::time_point handed_over;
  };

  static constexpr std::size_t window_size = 4 * largest_message;
  static constexpr std::size_t receive_size = std::size_t{64} << 10U;

  bool write_now();
  void write_later(coro::Yield yield);
  std::optional<Received> next_in_buffer();

  coro::Stream stream_;
  boost::asio::ip::tcp::endpoint peer_;
  EchoWindow window_{window_size};
  std::deque<Message> messages_;  // sent and not entirely back, the oldest first
  std::vector<char> buffer_;      // received
  std::string_view unread_;       // the part of it that was not looked at yet
  std::string partial_;           // what has come of the oldest message
  coro::Condition room_;
  coro::Condition unsent_;
  bool open_ = true;
  bool finishing_ = false;
};

}  // namespace client

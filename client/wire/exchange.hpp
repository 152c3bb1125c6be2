#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
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

namespace client {

/// Messages sent over one connection, and their echoes: each is timed from when it was handed over
/// until its last byte has come back the same.
///
/// It is shared by the coroutines that send, which may be several, and the one that receives.
class Exchange {
 public:
  struct Reply {
    std::string bytes;  ///< all of the message, as it came
    coro::Clock::duration round_trip{};
  };
  using Answer = std::function<void(const Reply&)>;

  /// Begins with an open connection, on the scheduler that it belongs to.
  static std::shared_ptr<Exchange> over(std::unique_ptr<Connection> connection,
                                        coro::Scheduler& scheduler);

  explicit Exchange(std::unique_ptr<Connection> connection);

  /// Sends a message, not empty, of at most largest_message bytes. Suspends as long as too many
  /// bytes are on their way. receive() calls the answer with the echo, once it is complete. After
  /// an error, which is that the exchange is closed, the answer is never called.
  error_code send(std::string_view message, Answer answer, coro::Yield yield);

  /// Closes the sending half: the server is to send the rest and close.
  void finish();
  /// Ends it; who waits in send() or receive() gets operation_aborted.
  void close();
  bool is_open() const { return open_; }

  /// How it ended: by a byte that came back wrong, or an error. The error is eof if the server has
  /// closed, whether or not something is missing, and operation_aborted after close().
  using Ending = std::variant<Mismatch, error_code>;

  /// Calls the answers of the messages that come back, in their order, until the exchange ends. An
  /// answer may close it.
  Ending receive(coro::Yield yield);

  /// Bytes that have not come back.
  std::size_t missing() const { return window_.outstanding(); }
  std::uint64_t bytes_sent() const { return window_.total(); }
  std::uint64_t bytes_back() const { return window_.verified(); }

  static constexpr std::size_t largest_message = std::size_t{1} << 20U;

 private:
  struct Message {
    std::uint64_t end = 0;  // where it ends in the stream
    Answer answer;
    coro::Clock::time_point handed_over;
  };

  static constexpr std::size_t window_size = 4 * largest_message;
  static constexpr std::size_t receive_size = std::size_t{64} << 10U;

  void write_now();
  void write_later(coro::Yield yield);
  std::optional<Mismatch> take(std::string_view bytes);

  std::unique_ptr<Connection> connection_;
  EchoWindow window_{window_size};
  std::deque<Message> messages_;  // sent and not entirely back, the oldest first
  std::vector<char> buffer_;      // received
  std::string partial_;           // what has come of the oldest message
  coro::Condition room_;
  coro::Condition unsent_;
  bool waits_for_room_ = false;  // write_later() has begun with bytes that nobody else may send
  bool open_ = true;
  bool finishing_ = false;
};

}  // namespace client

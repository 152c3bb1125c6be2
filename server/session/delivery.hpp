#pragma once

#include <cstddef>
#include <cstdint>

namespace server {

/// The result of all looks at a Delivery so far.
struct DeliveryState {
  std::int64_t arrived = 0;  ///< bytes; signed because of Unix sockets, see Delivery::look()
  int without_progress = 0;  ///< looks in succession

  bool operator==(const DeliveryState&) const = default;
};

/// Whether one client takes what it is sent. Bytes count as arrived when the client's kernel has
/// acknowledged them: our own kernel takes megabytes for a client that reads nothing, and reports
/// no room for long while a slow one reads steadily.
///
/// Sessions looks at regular intervals. Patience is counted in looks and not by the clock: while
/// the process is frozen (SIGSTOP, a paused virtual machine) nobody looks, so that time is not held
/// against the client.
class Delivery {
 public:
  /// The client has stalled after so many looks in succession that found no progress. The looks
  /// are (limits.write_timeout + 1 s) / patience apart; the second is for an acknowledgement that
  /// comes late.
  static constexpr int patience = 8;

  Delivery() = default;
  /// Another program has looked before.
  explicit Delivery(const DeliveryState& state) : state_(state) {}
  const DeliveryState& state() const { return state_; }

  /// Everything had arrived at the last look, and nothing has been sent since: there is no need to
  /// look again. `sent`: bytes that the kernel has taken so far.
  bool complete(std::uint64_t sent) const {
    return state_.arrived == static_cast<std::int64_t>(sent);
  }

  /// One look, at a client that is owed something: of `sent` bytes, `unacknowledged` have not
  /// arrived (coro::Stream::unacknowledged()).
  void look(std::uint64_t sent, std::size_t unacknowledged) {
    const std::int64_t before = state_.arrived;
    // The number is less than before, or negative, on a Unix socket: the kernel counts memory there
    // and not bytes.
    state_.arrived = static_cast<std::int64_t>(sent) - static_cast<std::int64_t>(unacknowledged);
    state_.without_progress = state_.arrived > before ? 0 : state_.without_progress + 1;
  }

  /// The client takes nothing any more.
  bool stalled() const { return state_.without_progress >= patience; }

 private:
  DeliveryState state_;
};

}  // namespace server

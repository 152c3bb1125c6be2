#pragma once

#include <cstddef>
#include <cstdint>

namespace server {

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

  /// Everything had arrived at the last look, and nothing has been sent since: there is no need to
  /// look again. `sent`: bytes that the kernel has taken so far.
  bool complete(std::uint64_t sent) const { return arrived_ == static_cast<std::int64_t>(sent); }

  /// One look, at a client that is owed something: of `sent` bytes, `unacknowledged` have not
  /// arrived (coro::Stream::unacknowledged()).
  void look(std::uint64_t sent, std::size_t unacknowledged) {
    const std::int64_t before = arrived_;
    // The number is less than before, or negative, on a Unix socket: the kernel counts memory there
    // and not bytes.
    arrived_ = static_cast<std::int64_t>(sent) - static_cast<std::int64_t>(unacknowledged);
    without_progress_ = arrived_ > before ? 0 : without_progress_ + 1;
  }

  /// The client takes nothing any more.
  bool stalled() const { return without_progress_ >= patience; }

 private:
  std::int64_t arrived_ = 0;  // bytes; signed because of Unix sockets, see look()
  int without_progress_ = 0;  // looks in succession
};

}  // namespace server

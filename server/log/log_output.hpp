#pragma once

#include <array>
#include <boost/system/error_code.hpp>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "server/log/log_destination.hpp"
#include "server/log/log_state.hpp"

namespace server {

/// Formatted lines on their way to a destination that may stop reading. Memory is bounded: from the
/// first line that finds no room, lines are dropped, whole and counted, until all that was kept has
/// been written. Nothing here waits, except drain().
class LogOutput {
 public:
  static constexpr std::size_t capacity = std::size_t{1024} * 1024;  // bytes of pending lines
  /// A destination that takes nothing is tried again after 1 ms, then ever less often, up to:
  static constexpr std::chrono::milliseconds max_retry_delay{50};

  explicit LogOutput(LogDestination destination);

  /// Memory for a line of at most `size` bytes, behind the others; null if that much is not left in
  /// one piece. For a line that dropping() would not drop; commit() keeps it.
  char* prepare(std::size_t size) { return size <= capacity - end_ ? at(end_) : nullptr; }

  /// Keeps the line that was written from prepare() up to `end`, which ends in '\n'.
  void commit(const char* end) { end_ = static_cast<std::size_t>(end - buffer_->data()); }

  /// Keeps one line, which ends in '\n', or drops it.
  void append(std::string_view line);

  /// Whether append() drops whatever comes: the line need not even be formatted.
  bool dropping() const { return unreported_ > 0; }

  /// Drops a line unseen.
  void drop();

  /// Writes what the destination takes now, unless it took nothing lately.
  void write();

  /// Whether nothing waits to be written or reported.
  bool idle() const { return !pending() && unreported_ == 0 && !failure_; }

  /// When the next write() makes sense; nothing if all is written.
  std::optional<std::chrono::steady_clock::time_point> retry_at() const;

  /// Once all that was kept is written: how many lines were dropped since, and from now on lines
  /// are kept again. The caller appends a line that reports the number; that line itself never
  /// counts as dropped. Otherwise 0.
  std::uint64_t take_unreported();

  /// Waits for the destination until all is written or the deadline has passed. Fails at once where
  /// waiting does not help (disk full, no reader).
  void drain(std::chrono::steady_clock::time_point deadline);

  /// Drops what was not written.
  void discard();

  /// For another program: what is not written, and what was dropped.
  LogState state() const;

  /// Keeps what another program has not written, before the first append(). A line that was written
  /// in part goes on behind that part if the destination is the same.
  void adopt(const LogState& state);

  /// Pending lines go to another destination; one that was written in part goes there whole.
  void redirect(LogDestination destination);

  bool journal() const { return destination_.journal(); }
  bool writes_to(const std::string& path) const { return destination_.is(path); }

  /// Why nothing can be written, such as a full disk: once, until something was written again. A
  /// destination that only is slow is no failure.
  boost::system::error_code take_failure() { return std::exchange(failure_, {}); }

  /// Lines that did not and will not reach the destination, since the start.
  std::uint64_t dropped() const { return dropped_; }

 private:
  using Buffer = std::array<char, capacity>;

  char* at(std::size_t position) { return buffer_->data() + position; }
  bool pending() const { return begin_ < end_; }
  boost::system::error_code attempt();
  void note(boost::system::error_code error);

  LogDestination destination_;
  std::unique_ptr<Buffer> buffer_;  // pages that are never needed are never touched
  std::size_t begin_ = 0;           // the first line that is not written, or not wholly
  std::size_t written_ = 0;         // bytes of it that are
  std::size_t end_ = 0;
  std::uint64_t unreported_ = 0;              // dropped, and no line reports them yet
  std::uint64_t dropped_ = 0;                 // dropped in all
  bool first_is_report_ = false;              // the line at begin_ reports dropped lines
  std::chrono::milliseconds retry_delay_{0};  // 0 = the last write took all
  std::chrono::steady_clock::time_point retry_at_;
  bool fails_ = false;                 // the last write was refused
  boost::system::error_code failure_;  // why, until take_failure()
};

}  // namespace server

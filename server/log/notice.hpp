#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "coro/scheduler.hpp"
#include "server/log/event_log.hpp"

namespace server {

/// A warning about something that may happen ten thousand times a second: logged at once the first
/// time, then at most once a second, with how often it happened since.
class Notice {
 public:
  /// `text` is logged as it is, then with the count: "TEXT (17 times in the last second)". `event`
  /// is its name in JSON, for good.
  Notice(coro::Scheduler& scheduler, EventLog& log, std::string_view event, std::string text);

  void happened();
  /// The same; from now on `text` is logged.
  void happened(std::string text);

  /// Logs the last count when its coroutine runs, which this must outlive, as without close() for a
  /// second after the last time. Nothing may happen afterwards.
  void close();

 private:
  void repeat_each_second(coro::Yield yield);

  coro::Scheduler& scheduler_;
  EventLog& log_;
  std::string_view event_;
  std::string text_;
  std::uint64_t unlogged_ = 0;  // times since the last line
  coro::Task repeating_;        // runs as long as it happens again within a second
};

}  // namespace server

#pragma once

#include <cstdint>
#include <string>

#include "coro/scheduler.hpp"
#include "server/log/event_log.hpp"

namespace server {

/// A warning about something that may happen ten thousand times a second: said at once the first
/// time, then at most once a second, with how often it happened since.
class Notice {
 public:
  /// `what` is said as it is, then the count: "WHAT (17 times in the last second)".
  Notice(coro::Scheduler& scheduler, EventLog& log, std::string what);

  void happened();
  /// The same; from now on it is `what` that is said.
  void happened(std::string what);

  /// Says what is left to say. Nothing may happen afterwards.
  void close();

 private:
  void say_each_second(coro::Yield yield);

  coro::Scheduler& scheduler_;
  EventLog& log_;
  std::string what_;
  std::uint64_t unsaid_ = 0;
  coro::Task sayer_;
};

}  // namespace server

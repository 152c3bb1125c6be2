#pragma once

#include "coro/scheduler.hpp"
#include "coro/timer.hpp"
#include "server/log/event_log.hpp"

namespace server {

/// Writes the log whenever the scheduler is about to sleep, and wakes it to try again while the
/// log's destination does not take all.
class LogFlusher {
 public:
  /// Both must outlive it.
  LogFlusher(coro::Scheduler& scheduler, EventLog& log);

 private:
  void flush();

  EventLog& log_;
  coro::Timer retry_;
};

}  // namespace server

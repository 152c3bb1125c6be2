#include "server/log/log_flusher.hpp"

namespace server {

LogFlusher::LogFlusher(coro::Scheduler& scheduler, EventLog& log)
    : log_(log), retry_(scheduler, [] {}) {
  scheduler.before_sleep([this] { flush(); });
}

void LogFlusher::flush() {
  log_.flush();
  const auto retry_at = log_.retry_at();
  if (!retry_at || retry_.pending()) return;
  retry_.expire_at(*retry_at);  // the scheduler wakes, and comes here before it sleeps again
}

}  // namespace server

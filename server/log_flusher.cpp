#include "server/log_flusher.hpp"

namespace server {

LogFlusher::LogFlusher(coro::Scheduler& scheduler, EventLog& log)
    : log_(log), retry_(scheduler.executor()) {
  scheduler.before_sleep([this] { flush(); });
}

void LogFlusher::flush() {
  log_.flush();
  const auto retry_at = log_.retry_at();
  if (!retry_at || waiting_ || stopped_) return;
  waiting_ = true;
  retry_.expires_at(*retry_at);
  retry_.async_wait([this](coro::error_code) { waiting_ = false; });
}

void LogFlusher::stop() {
  stopped_ = true;
  retry_.cancel();
}

}  // namespace server

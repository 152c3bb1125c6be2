#include "server/log/notice.hpp"

#include <utility>

namespace server {

Notice::Notice(coro::Scheduler& scheduler, EventLog& log, std::string what)
    : scheduler_(scheduler), log_(log), what_(std::move(what)) {}

void Notice::happened() {
  if (!sayer_.done()) {
    ++unsaid_;
    return;
  }
  log_.logger().warn("{}", what_);
  // Without a stack for the sayer nothing is counted, and the next time is said at once again.
  if (const auto sayer =
          scheduler_.spawn("notice", [this](coro::Yield yield) { say_each_second(yield); }))
    sayer_ = *sayer;
}

void Notice::happened(std::string what) {
  what_ = std::move(what);
  happened();
}

void Notice::say_each_second(coro::Yield yield) {
  coro::error_code cancelled;
  do {
    cancelled = coro::sleep_for(yield, std::chrono::seconds(1));
    if (unsaid_ == 0) return;
    log_.logger().warn("{} ({} times in the last second)", what_, std::exchange(unsaid_, 0));
  } while (!cancelled);
}

void Notice::close() {
  sayer_.cancel();
}

}  // namespace server

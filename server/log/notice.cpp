#include "server/log/notice.hpp"

#include <utility>

namespace server {

Notice::Notice(coro::Scheduler& scheduler, EventLog& log, std::string_view event, std::string text)
    : scheduler_(scheduler), log_(log), event_(event), text_(std::move(text)) {}

void Notice::happened() {
  if (!repeating_.done()) {
    ++unlogged_;
    return;
  }
  log_.warn({event_, {{"times", 1U}}}, "{}", text_);
  // Without a stack for the coroutine nothing is counted, and the next time is logged at once.
  const auto task =
      scheduler_.spawn("notice", [this](coro::Yield yield) { repeat_each_second(yield); });
  if (task) repeating_ = *task;
}

void Notice::happened(std::string text) {
  text_ = std::move(text);
  happened();
}

void Notice::repeat_each_second(coro::Yield yield) {
  coro::error_code cancelled;
  do {
    cancelled = coro::sleep_for(yield, std::chrono::seconds(1));
    if (unlogged_ == 0) return;
    const std::uint64_t times = std::exchange(unlogged_, 0);
    log_.warn({event_, {{"times", times}}}, "{} ({} times in the last second)", text_, times);
  } while (!cancelled);
}

void Notice::close() {
  repeating_.cancel();
}

}  // namespace server

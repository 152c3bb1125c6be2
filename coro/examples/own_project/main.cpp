#include <coro/scheduler.hpp>
#include <cstdlib>

int main() {
  bool ran = false;
  coro::Scheduler scheduler;
  scheduler
      .spawn("main",
             [&](coro::Yield yield) { ran = !sleep_for(yield, std::chrono::milliseconds(1)); })
      .value();
  scheduler.run();
  return ran ? EXIT_SUCCESS : EXIT_FAILURE;
}

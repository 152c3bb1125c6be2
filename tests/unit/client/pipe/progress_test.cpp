#include "client/pipe/progress.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <pty.h>
#include <unistd.h>

#include <cstdlib>
#include <optional>
#include <thread>

#include "coro/descriptor.hpp"
#include "coro/scheduler.hpp"
#include "coro/yield.hpp"

namespace client {
namespace {

using namespace std::chrono_literals;

constexpr std::uint64_t mebibyte = 1U << 20U;

TEST(ProgressLine, HasABarWhereTheTotalIsKnown) {
  EXPECT_EQ(progress_line(512 * mebibyte, 1024 * mebibyte, 2s, 80),
            "[##################                   ]  50%  512.0 MiB of 1.0 GiB  256.0 MiB/s");
}

TEST(ProgressLine, HasNoBarWhereItIsNot) {
  EXPECT_EQ(progress_line(512 * mebibyte, std::nullopt, 2s, 80), "512.0 MiB  256.0 MiB/s");
}

TEST(ProgressLine, NeverExceedsTheWidth) {
  for (std::size_t width = 1; width < 120; ++width) {
    EXPECT_LE(progress_line(512 * mebibyte, 1024 * mebibyte, 2s, width).size(), width);
    EXPECT_LE(progress_line(2048 * mebibyte, 1024 * mebibyte, 2s, width).size(), width);
    EXPECT_LE(progress_line(512 * mebibyte, std::nullopt, 2s, width).size(), width);
  }
}

TEST(ProgressLine, DividesByNoZero) {
  EXPECT_EQ(progress_line(0, 0, 0s, 80), "0 B  0 B/s");
}

// Makes standard error a terminal and standard output none, as long as it lives.
class Watched {
 public:
  Watched() {
    int master = -1;
    int terminal = -1;
    if (::openpty(&master, &terminal, nullptr, nullptr, nullptr) != 0) std::abort();
    master_ = coro::Descriptor(master);
    const coro::Descriptor slave(terminal);
    const coro::Descriptor nowhere(::open("/dev/null", O_WRONLY | O_CLOEXEC));
    ::dup2(nowhere.number(), STDOUT_FILENO);
    ::dup2(slave.number(), STDERR_FILENO);
  }
  ~Watched() {
    ::dup2(output_.number(), STDOUT_FILENO);
    ::dup2(error_.number(), STDERR_FILENO);
  }
  Watched(const Watched&) = delete;
  Watched& operator=(const Watched&) = delete;
  Watched(Watched&&) = delete;
  Watched& operator=(Watched&&) = delete;

 private:
  coro::Descriptor output_{::dup(STDOUT_FILENO)};
  coro::Descriptor error_{::dup(STDERR_FILENO)};
  coro::Descriptor master_;
};

TEST(Progress, AsksForNothingOnceCancelledAlsoWhenItIsAboutToBeResumed) {
  int asked_afterwards = 0;
  bool lives = true;
  {
    const Watched watched;
    coro::Scheduler scheduler;
    const auto done = [&] {
      asked_afterwards += lives ? 0 : 1;
      return std::uint64_t{0};
    };
    auto progress =
        scheduler.spawn("progress", [&](coro::Yield yield) { show_progress(done, yield); }).value();
    scheduler
        .spawn("test",
               [&](coro::Yield yield) {
                 EXPECT_FALSE(coro::sleep_for(yield, 900ms));
                 // Its time is over before the scheduler looks again, and this coroutine is the
                 // first in the queue.
                 std::this_thread::sleep_for(150ms);
                 yield.now();
                 lives = false;
                 progress.cancel();
               })
        .value();
    scheduler.run();
  }
  EXPECT_EQ(asked_afterwards, 0);
}

}  // namespace
}  // namespace client

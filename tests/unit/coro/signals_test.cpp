#include "coro/signals.hpp"

#include <gmock/gmock.h>
#include <sys/time.h>
#include <unistd.h>

#include <csignal>
#include <optional>

#include "tests/unit/coro/test_support.hpp"

namespace coro {
namespace {

using ::testing::ElementsAre;
using ::testing::UnorderedElementsAre;

bool is_blocked(int signal) {
  sigset_t blocked;
  EXPECT_EQ(::pthread_sigmask(SIG_SETMASK, nullptr, &blocked), 0);
  return ::sigismember(&blocked, signal) == 1;
}

TEST(Signals, WakeWhoWaitsForThem) {
  run([](Yield yield) {
    Signals signals(yield.scheduler(), {SIGUSR1, SIGUSR2});
    start(yield.scheduler(), [](Yield) { std::raise(SIGUSR2); });
    EXPECT_EQ(signals.wait(yield).value(), SIGUSR2);
  });
}

TEST(Signals, ThatCameBeforeTheWaitAreNotLost) {
  run([](Yield yield) {
    Signals signals(yield.scheduler(), {SIGUSR1, SIGUSR2});
    std::raise(SIGUSR1);
    std::raise(SIGUSR2);
    const int first = signals.wait(yield).value();
    const int second = signals.wait(yield).value();
    EXPECT_THAT((std::vector{first, second}), UnorderedElementsAre(SIGUSR1, SIGUSR2));
  });
}

// The kernel returns the lowest number first. A coroutine that reads them late gets all of them.
TEST(Signals, ThatCameTogetherAreReturnedBeforeAnybodyElseRuns) {
  run([](Yield yield) {
    Signals signals(yield.scheduler(), {SIGHUP, SIGUSR1, SIGUSR2});
    Events events;
    start(yield.scheduler(), [&](Yield) {
      for (const int signal : {SIGUSR2, SIGUSR1, SIGHUP})
        std::raise(signal);
    });
    for (int i = 0; i < 3; ++i) {
      EXPECT_TRUE(signals.wait(yield).has_value());
      events.emplace_back("signal");
      if (i == 0) start(yield.scheduler(), [&](Yield) { events.emplace_back("somebody else"); });
    }
    yield.now();
    EXPECT_THAT(events, ElementsAre("signal", "signal", "signal", "somebody else"));
  });
}

TEST(Signals, HaveAnOrigin) {
  run([](Yield yield) {
    Signals signals(yield.scheduler(), {SIGUSR1, SIGALRM});
    ::kill(::getpid(), SIGUSR1);
    EXPECT_EQ(signals.wait(yield).value(), SIGUSR1);
    EXPECT_EQ(signals.origin().process, ::getpid());
    EXPECT_FALSE(signals.origin().kernel);

    const itimerval soon = {.it_interval = {}, .it_value = {.tv_sec = 0, .tv_usec = 1}};
    ASSERT_EQ(::setitimer(ITIMER_REAL, &soon, nullptr), 0);
    EXPECT_EQ(signals.wait(yield).value(), SIGALRM);
    EXPECT_EQ(signals.origin().process, 0);
    EXPECT_TRUE(signals.origin().kernel);
  });
}

TEST(Signals, CancellingEndsTheWait) {
  run([](Yield yield) {
    Signals signals(yield.scheduler(), {SIGUSR1});
    const auto waiting = start(yield.scheduler(), [&signals](Yield other) {
      EXPECT_EQ(signals.wait(other).error(), error_code(aborted));
    });
    yield.now();
    waiting.cancel();
    EXPECT_EQ(waiting.join(yield), error_code());
  });
}

TEST(Signals, DoNothingElseAsLongAsItExistsAndAreForgottenAtItsEnd) {
  Scheduler scheduler;
  ASSERT_FALSE(is_blocked(SIGUSR1));
  {
    const Signals signals(scheduler, {SIGUSR1});
    EXPECT_TRUE(is_blocked(SIGUSR1));
    std::raise(SIGUSR1);
  }
  EXPECT_FALSE(is_blocked(SIGUSR1));  // and this process lives
}

TEST(Signals, ThatWereBlockedBeforeStaySo) {
  Scheduler scheduler;
  sigset_t usr1;
  ::sigemptyset(&usr1);
  ::sigaddset(&usr1, SIGUSR1);
  ::pthread_sigmask(SIG_BLOCK, &usr1, nullptr);
  std::optional<Signals>(std::in_place, scheduler, std::initializer_list{SIGUSR1, SIGUSR2}).reset();
  EXPECT_TRUE(is_blocked(SIGUSR1));
  EXPECT_FALSE(is_blocked(SIGUSR2));
  ::pthread_sigmask(SIG_UNBLOCK, &usr1, nullptr);
}

}  // namespace
}  // namespace coro

#include "client/wire/run.hpp"

#include <gtest/gtest.h>

#include <stdexcept>

#include "coro/condition.hpp"

namespace client {
namespace {

TEST(RunToEnd, RunsEverythingWhenAllIsWell) {
  coro::Scheduler scheduler;
  bool done = false;
  run_to_end(scheduler,
             [&] { scheduler.spawn("well", [&](coro::Yield) { done = true; }).value(); });
  EXPECT_TRUE(done);
}

TEST(RunToEnd, EndsWhenAnExceptionLeavesACoroutineForWhichOthersWait) {
  coro::Scheduler scheduler;
  coro::Condition never;
  const auto exception = exception_of_run(scheduler, [&] {
    scheduler
        .spawn(
            "waits",
            [&](coro::Yield yield) { static_cast<void>(never.wait(yield, [] { return false; })); })
        .value();
    scheduler.spawn("fails", [](coro::Yield) { throw std::runtime_error("no memory"); }).value();
  });
  ASSERT_TRUE(exception);
  EXPECT_EQ(failure_of(exception).kind, FailureClass::local);
  EXPECT_EQ(failure_of(exception).text, "no memory");
}

TEST(RunToEnd, ThrowsWhyThereIsNothingToRun) {
  coro::Scheduler scheduler;
  EXPECT_THROW(run_to_end(scheduler, [] { throw std::runtime_error("no stack"); }),
               std::runtime_error);
}

}  // namespace
}  // namespace client

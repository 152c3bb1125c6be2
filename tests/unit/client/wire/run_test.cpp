#include "client/wire/run.hpp"

#include <gtest/gtest.h>

#include <stdexcept>

#include "coro/condition.hpp"

namespace client {
namespace {

TEST(RunToEnd, ReturnsNothingWhenAllIsWell) {
  coro::Scheduler scheduler;
  bool done = false;
  EXPECT_FALSE(run_to_end(
      scheduler, [&] { scheduler.spawn("well", [&](coro::Yield) { done = true; }).value(); }));
  EXPECT_TRUE(done);
}

TEST(RunToEnd, EndsWhenAnExceptionLeavesACoroutineForWhichOthersWait) {
  coro::Scheduler scheduler;
  coro::Condition never;
  const auto failure = run_to_end(scheduler, [&] {
    scheduler
        .spawn("waits", [&](coro::Yield yield) { (void)never.wait(yield, [] { return false; }); })
        .value();
    scheduler.spawn("fails", [](coro::Yield) { throw std::runtime_error("no memory"); }).value();
  });
  ASSERT_TRUE(failure);
  EXPECT_EQ(failure->kind, FailureClass::local);
  EXPECT_EQ(failure->text, "no memory");
}

TEST(RunToEnd, ReturnsWhyThereIsNothingToRun) {
  coro::Scheduler scheduler;
  const auto failure = run_to_end(scheduler, [] { throw std::runtime_error("no stack"); });
  ASSERT_TRUE(failure);
  EXPECT_EQ(failure->text, "no stack");
}

}  // namespace
}  // namespace client

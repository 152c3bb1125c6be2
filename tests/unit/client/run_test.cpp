#include "client/run.hpp"

#include <gtest/gtest.h>

#include <stdexcept>

#include "coro/condition.hpp"

namespace client {
namespace {

TEST(RunToEnd, ReturnsNothingWhenAllIsWell) {
  coro::Scheduler scheduler;
  scheduler.spawn("well", [](coro::Yield) {}).value();
  EXPECT_FALSE(run_to_end(scheduler));
}

TEST(RunToEnd, EndsWhenAnExceptionLeavesACoroutineForWhichOthersWait) {
  coro::Scheduler scheduler;
  coro::Condition never;
  scheduler
      .spawn("waits", [&](coro::Yield yield) { (void)never.wait(yield, [] { return false; }); })
      .value();
  scheduler.spawn("fails", [](coro::Yield) { throw std::runtime_error("no memory"); }).value();
  const auto failure = run_to_end(scheduler);
  ASSERT_TRUE(failure);
  EXPECT_EQ(failure->kind, FailureClass::local);
  EXPECT_EQ(failure->text, "no memory");
}

}  // namespace
}  // namespace client

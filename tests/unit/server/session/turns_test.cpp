#include "server/session/turns.hpp"

#include <gtest/gtest.h>

#include <boost/asio/error.hpp>
#include <string>

#include "coro/scheduler.hpp"

namespace {

using coro::Yield;
using server::Turns;

class TurnsTest : public testing::Test {
 protected:
  // Takes so many turns, and makes the others wait each time.
  coro::Task take(char name, int count) {
    return scheduler_
        .spawn("taker",
               [this, name, count](Yield yield) {
                 for (int i = 0; i < count; ++i) {
                   Turns::Place place(turns_);
                   if (place.wait(yield)) return;
                   order_ += name;
                   yield.now();
                 }
               })
        .value();
  }

  Turns turns_;
  std::string order_;
  coro::Scheduler scheduler_;
};

TEST_F(TurnsTest, NobodyHasTwoWhileAnotherWaits) {
  for (const char name : {'a', 'b', 'c'})
    take(name, 3);
  scheduler_.run();
  EXPECT_EQ("abcabcabc", order_);
}

TEST_F(TurnsTest, OneThatIsCancelledLosesItsTurnToTheNext) {
  take('a', 1);
  const coro::Task cancelled = take('b', 1);
  take('c', 1);
  scheduler_
      .spawn("canceller",
             [&](Yield yield) {
               cancelled.cancel();
               yield.now();
             })
      .value();
  scheduler_.run();
  EXPECT_EQ("ac", order_);
}

TEST_F(TurnsTest, KnowsWhetherSomebodyWaitsBehind) {
  Turns::Place first(turns_);
  EXPECT_TRUE(first.is_last());
  {
    Turns::Place second(turns_);
    EXPECT_FALSE(first.is_last());
    EXPECT_TRUE(second.is_last());
  }
  EXPECT_TRUE(first.is_last());
}

}  // namespace

#include "coro/time_limit.hpp"

#include <boost/asio/buffer.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/read.hpp>
#include <memory>
#include <optional>
#include <thread>

#include "coro/condition.hpp"
#include "tests/unit/coro/test_support.hpp"

namespace coro {
namespace {

using boost::asio::buffer;

TEST(TimeLimit, EndsTheOperationInProgressWhenItIsDue) {
  run([](Yield yield) {
    SocketPair pair(yield.scheduler());
    char byte = 0;
    const auto before = Clock::now();
    const TimeLimit limit(yield, 2ms);
    EXPECT_FALSE(limit.expired());
    const auto [error, size] = boost::asio::async_read(pair.near, buffer(&byte, 1), yield);
    EXPECT_EQ(error, aborted);
    EXPECT_TRUE(limit.expired());
    EXPECT_GE(Clock::now() - before, 2ms);
  });
}

TEST(TimeLimit, DoesNothingWhenTheOperationIsFaster) {
  run([](Yield yield) {
    const TimeLimit limit(yield, forever);
    EXPECT_EQ(sleep_for(yield, 1ms), error_code());
    EXPECT_FALSE(limit.expired());
  });
}

TEST(TimeLimit, EndsEveryFurtherOperationUntilItsScopeIsLeft) {
  run([](Yield yield) {
    SocketPair pair(yield.scheduler());
    {
      const TimeLimit limit(yield, 1ms);
      EXPECT_EQ(sleep_for(yield, forever), aborted);
      EXPECT_EQ(sleep_for(yield, 0ms), aborted);
      const auto [error, size] = pair.near.async_write_some(buffer("x", 1), yield);
      EXPECT_EQ(error, aborted) << "although it was ready at once";
    }
    EXPECT_EQ(sleep_for(yield, 0ms), error_code());
    EXPECT_EQ(pair.far.available(), 0U);
  });
}

TEST(TimeLimit, EndsALoopThatIsNeverShortOfWork) {
  run([](Yield yield) {
    SocketPair pair(yield.scheduler());
    const TimeLimit limit(yield, 1ms);
    for (char byte = 'x';;) {
      const auto [error, size] = pair.near.async_write_some(buffer(&byte, 1), yield);
      if (error) break;
      pair.far.read_some(buffer(&byte, 1));
    }
    EXPECT_TRUE(limit.expired());
  });
}

TEST(TimeLimit, ExpiresBetweenOperations) {
  run([](Yield yield) {
    const TimeLimit limit(yield, 1ms);
    const auto due = Clock::now() + 1ms;
    while (!limit.expired() && Clock::now() < due + 10s)
      boost::asio::post(yield.scheduler().context(), yield);  // which no limit ends
    EXPECT_TRUE(limit.expired());
    EXPECT_EQ(sleep_for(yield, forever), aborted);
  });
}

TEST(TimeLimit, TheInnerOfTwoLeavesTheOuterAlone) {
  run([](Yield yield) {
    const TimeLimit outer(yield, forever);
    {
      const TimeLimit inner(yield, 1ms);
      EXPECT_EQ(sleep_for(yield, forever), aborted);
      EXPECT_TRUE(inner.expired());
    }
    EXPECT_FALSE(outer.expired());
    EXPECT_EQ(sleep_for(yield, 1ms), error_code());
  });
}

TEST(TimeLimit, TheOuterOfTwoHoldsInsideTheInner) {
  run([](Yield yield) {
    const TimeLimit outer(yield, 1ms);
    {
      const TimeLimit inner(yield, forever);
      EXPECT_EQ(sleep_for(yield, forever), aborted);
      EXPECT_FALSE(inner.expired());
    }
    EXPECT_TRUE(outer.expired());
    EXPECT_EQ(sleep_for(yield, 0ms), aborted);
  });
}

TEST(TimeLimit, TheOuterOfTwoHoldsAfterTheInner) {
  run([](Yield yield) {
    const TimeLimit outer(yield, 2ms);
    { const TimeLimit inner(yield, forever); }
    EXPECT_EQ(sleep_for(yield, 10s), aborted);
    EXPECT_TRUE(outer.expired());
  });
}

TEST(TimeLimit, BothOfTwoMayExpire) {
  run([](Yield yield) {
    {
      const TimeLimit outer(yield, 2ms);
      {
        const TimeLimit inner(yield, 1ms);
        EXPECT_EQ(sleep_for(yield, forever), aborted);
        while (!outer.expired())
          boost::asio::post(yield.scheduler().context(), yield);
        EXPECT_TRUE(inner.expired());
      }
      EXPECT_EQ(sleep_for(yield, forever), aborted);
    }
    EXPECT_EQ(sleep_for(yield, 0ms), error_code());
  });
}

TEST(TimeLimit, WhoseScopeIsLeftWhenItIsDueAndNotYetHandledDoesNothing) {
  run([](Yield yield) {
    auto limit = std::make_unique<std::optional<TimeLimit>>();
    limit->emplace(yield, 0ms);
    // Another timer, due earlier, which expires first in the same batch and ends the scope.
    Timer earlier(yield.scheduler(), [&limit] { limit.reset(); });
    earlier.expire_at(Clock::time_point::min());
    std::this_thread::sleep_for(1ms);
    const TimeLimit outer(yield, forever);
    boost::asio::post(yield.scheduler().context(), yield);
    EXPECT_EQ(sleep_for(yield, 2ms), error_code());
  });
}

TEST(TimeLimit, OneThatIsZeroIsDueAtTheFirstWait) {
  run([](Yield yield) {
    const TimeLimit limit(yield, 0ms);
    EXPECT_EQ(sleep_for(yield, forever), aborted);
  });
}

TEST(TimeLimit, LimitsConditionsAndJoins) {
  run([](Yield yield) {
    Condition never;
    const Task task =
        start(yield.scheduler(), [&](Yield other) { EXPECT_EQ(never.wait(other), aborted); });
    {
      const TimeLimit limit(yield, 1ms);
      EXPECT_EQ(task.join(yield), aborted);
    }
    {
      const TimeLimit limit(yield, 1ms);
      EXPECT_EQ(never.wait(yield), aborted);
    }
    EXPECT_FALSE(task.done());
    task.cancel();
    EXPECT_EQ(task.join(yield), error_code());
  });
}

TEST(TimeLimit, ACancellationUnderAnExpiredLimitIsKeptUntilTheScopeIsLeft) {
  run([](Yield yield) {
    Condition expired;
    const Task task = start(yield.scheduler(), [&](Yield other) {
      {
        const TimeLimit limit(other, 1ms);
        EXPECT_EQ(sleep_for(other, forever), aborted);
        expired.notify_one();
        other.now();  // now the cancellation is asked for
        EXPECT_EQ(sleep_for(other, forever), aborted);
      }
      EXPECT_EQ(sleep_for(other, forever), aborted) << "the cancellation";
      EXPECT_EQ(sleep_for(other, 0ms), error_code());
    });
    expired.wait(yield);
    task.cancel();
    task.join(yield);
  });
}

TEST(TimeLimit, ConcernsOnlyItsOwnCoroutine) {
  run([](Yield yield) {
    const Task other =
        start(yield.scheduler(), [](Yield mine) { EXPECT_EQ(sleep_for(mine, 3ms), error_code()); });
    const TimeLimit limit(yield, 1ms);
    EXPECT_EQ(sleep_for(yield, forever), aborted);
    while (!other.done())
      boost::asio::post(yield.scheduler().context(), yield);
  });
}

TEST(TimeLimit, IsUnwoundWithItsCoroutine) {
  auto scheduler = std::make_unique<Scheduler>();
  Condition never;
  start(*scheduler, [&](Yield yield) {
    const TimeLimit limit(yield, forever);
    yield.scheduler().before_sleep([] { throw std::runtime_error("leave run()"); });
    never.wait(yield);
  });
  EXPECT_THROW(scheduler->run(), std::runtime_error);
  scheduler.reset();
}

}  // namespace
}  // namespace coro

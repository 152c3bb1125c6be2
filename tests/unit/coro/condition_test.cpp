#include "coro/condition.hpp"

#include <gmock/gmock.h>

#include <memory>
#include <string>

#include "tests/unit/coro/test_support.hpp"

namespace coro {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

// Notes name once it has been notified.
Task start_waiter(Scheduler& scheduler, Condition& condition, Events& events, const char* name) {
  return start(scheduler, [&condition, &events, name](Yield yield) {
    const error_code error = condition.wait(yield);
    events.push_back(std::string(name) + (error ? " aborted" : ""));
  });
}

TEST(Condition, NotifyOneResumesTheOneThatWaitsLongest) {
  Events events;
  Condition condition;
  run([&](Yield yield) {
    start_waiter(yield.scheduler(), condition, events, "first");
    start_waiter(yield.scheduler(), condition, events, "second");
    yield.now();
    condition.notify_one();
    yield.now();
    EXPECT_THAT(events, ElementsAre("first"));
    condition.notify_one();
    yield.now();
    EXPECT_THAT(events, ElementsAre("first", "second"));
  });
}

TEST(Condition, NotifyAllResumesEverybodyInTheOrderTheyCame) {
  Events events;
  Condition condition;
  run([&](Yield yield) {
    for (const char* name : {"first", "second", "third"})
      start_waiter(yield.scheduler(), condition, events, name);
    yield.now();
    condition.notify_all();
    EXPECT_THAT(events, IsEmpty()) << "notifying must not switch";
    yield.now();
    EXPECT_THAT(events, ElementsAre("first", "second", "third"));
  });
}

TEST(Condition, NotificationsReachOnlyThoseWhoWaitAlready) {
  run([](Yield yield) {
    Condition condition;
    condition.notify_one();
    condition.notify_all();
    const Task task =
        start(yield.scheduler(), [&](Yield other) { EXPECT_EQ(condition.wait(other), aborted); });
    yield.now();
    yield.now();
    EXPECT_FALSE(task.done());
    task.cancel();
    task.join(yield);
  });
}

TEST(Condition, OneWhoWaitsAgainIsNotNotifiedTwiceByNotifyAll) {
  run([](Yield yield) {
    Condition condition;
    int notified = 0;
    const Task task = start(yield.scheduler(), [&](Yield other) {
      while (!condition.wait(other))
        ++notified;
    });
    yield.now();
    condition.notify_all();
    yield.now();
    yield.now();
    EXPECT_EQ(notified, 1);
    task.cancel();
    task.join(yield);
  });
}

TEST(Condition, WaitsUntilThePredicateHolds) {
  run([](Yield yield) {
    Condition changed;
    int number = 0;
    const Task task = start(yield.scheduler(), [&](Yield other) {
      EXPECT_EQ(changed.wait(other, [&] { return number == 2; }), error_code());
      EXPECT_EQ(number, 2);
    });
    while (!task.done()) {
      ++number;
      changed.notify_all();
      yield.now();
      yield.now();
      ASSERT_LE(number, 3);
    }
  });
}

TEST(Condition, DoesNotSuspendWhenThePredicateHoldsAlready) {
  Events events;
  run([&](Yield yield) {
    start(yield.scheduler(), [&](Yield) { events.emplace_back("other"); });
    Condition condition;
    EXPECT_EQ(condition.wait(yield, [] { return true; }), error_code());
    EXPECT_THAT(events, IsEmpty());
  });
}

TEST(Condition, ACancelledWaiterLeavesAndTheOthersStay) {
  Events events;
  Condition condition;
  run([&](Yield yield) {
    const Task first = start_waiter(yield.scheduler(), condition, events, "first");
    start_waiter(yield.scheduler(), condition, events, "second");
    yield.now();
    first.cancel();
    condition.notify_one();
    yield.now();
    EXPECT_THAT(events, ElementsAre("first aborted", "second"));
  });
}

TEST(Condition, ANotificationBeforeACancellationIsNotLost) {
  run([](Yield yield) {
    Condition condition;
    const Task task = start(yield.scheduler(), [&](Yield other) {
      EXPECT_EQ(condition.wait(other), error_code());
      EXPECT_EQ(condition.wait(other), aborted);
    });
    yield.now();
    condition.notify_one();
    task.cancel();
    task.join(yield);
  });
}

TEST(Condition, ATaskCancelledBeforeItWaitsDoesNotWait) {
  run([](Yield yield) {
    Condition condition;
    const Task task =
        start(yield.scheduler(), [&](Yield other) { EXPECT_EQ(condition.wait(other), aborted); });
    task.cancel();
    EXPECT_EQ(task.join(yield), error_code());
  });
}

TEST(Condition, CanBeDestroyedAsSoonAsEverybodyIsNotified) {
  run([](Yield yield) {
    auto condition = std::make_unique<Condition>();
    const Task task = start(yield.scheduler(),
                            [&](Yield other) { EXPECT_EQ(condition->wait(other), error_code()); });
    yield.now();
    condition->notify_all();
    condition.reset();
    task.join(yield);
  });
}

TEST(Condition, MayBeDestroyedBeforeOrAfterASchedulerWhoseCoroutinesWait) {
  Condition outlives;
  {
    auto dies_first = std::make_unique<Condition>();
    Scheduler scheduler;
    start(scheduler, [&](Yield yield) { outlives.wait(yield); });
    start(scheduler, [&](Yield yield) { dies_first->wait(yield); });
    scheduler.run();
    dies_first.reset();
    EXPECT_EQ(scheduler.counters().alive, 2U);
  }
  outlives.notify_all();
}

// As a queue of one place between a producer and a consumer.
TEST(Condition, ProducerAndConsumerTakeTurns) {
  run([](Yield yield) {
    Condition changed;
    std::optional<int> place;
    std::vector<int> consumed;
    const Task consumer = start(yield.scheduler(), [&](Yield other) {
      for (int i = 0; i < 100; ++i) {
        changed.wait(other, [&] { return place.has_value(); });
        consumed.push_back(*std::exchange(place, std::nullopt));
        changed.notify_one();
      }
    });
    for (int i = 0; i < 100; ++i) {
      changed.wait(yield, [&] { return !place.has_value(); });
      place = i;
      changed.notify_one();
    }
    consumer.join(yield);
    ASSERT_EQ(consumed.size(), 100U);
    EXPECT_TRUE(std::ranges::is_sorted(consumed));
  });
}

}  // namespace
}  // namespace coro

#include "coro/scheduler.hpp"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <boost/asio/buffer.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/write.hpp>
#include <cstdlib>
#include <functional>
#include <memory>
#include <ranges>
#include <stdexcept>
#include <string>
#include <thread>
#include <type_traits>

#include "coro/condition.hpp"
#include "coro/readiness.hpp"
#include "coro/time_limit.hpp"
#include "tests/unit/coro/test_support.hpp"

namespace coro {
namespace {

using boost::asio::buffer;
using testing::ElementsAre;
using testing::IsEmpty;

// ---- the scheduler's own stack

TEST(Scheduler, ACallOnItsOwnStackLeavesThatOfTheCoroutineAlone) {
  run([](Yield yield) {
    bool has_run = false;
    start(yield.scheduler(), [&](Yield) { has_run = true; });
    EXPECT_TRUE(yield.fiber().is_inside());
    yield.scheduler().on_own_stack([&] { EXPECT_FALSE(yield.fiber().is_inside()); });
    EXPECT_TRUE(yield.fiber().is_inside());
    EXPECT_FALSE(has_run) << "nothing else runs meanwhile";
  });
}

TEST(Scheduler, ACallOnItsOwnStackLosesNoCancellation) {
  run([](Yield yield) {
    yield.task().cancel();
    yield.scheduler().on_own_stack([] {});
    EXPECT_TRUE(yield.is_cancelled());
    EXPECT_EQ(sleep_for(yield, forever), aborted);
    EXPECT_FALSE(yield.is_cancelled());
  });
}

TEST(Scheduler, ACallOnItsOwnStackThrowsToItsCaller) {
  run([](Yield yield) {
    const auto fail = [] { throw std::runtime_error("from below"); };
    EXPECT_THROW(yield.scheduler().on_own_stack(fail), std::runtime_error);
    yield.now();
  });
}

TEST(Scheduler, ACallOnItsOwnStackIsAPlainOneWhereNobodyCanSuspend) {
  int calls = 0;
  Scheduler scheduler;
  const auto call = [&] { scheduler.on_own_stack([&] { ++calls; }); };
  call();
  EXPECT_EQ(calls, 1) << "from outside";
  struct AtEnd {
    std::function<void()> call;
    ~AtEnd() { call(); }
  };
  start(scheduler, [&](Yield yield) {
    const AtEnd at_end{call};
    static_cast<void>(sleep_for(yield, forever));
  });
  const Task brief = start(scheduler, [](Yield yield) { yield.now(); });
  scheduler.run(brief);
  scheduler.unwind();
  EXPECT_EQ(calls, 2) << "while the coroutine is unwound";
}

TEST(Scheduler, ACallOnItsOwnStackEndsBeforeTheCoroutineWhoseFunctionMakesItWhenDestroyed) {
  int calls = 0;
  run([&](Yield yield) {
    Scheduler& scheduler = yield.scheduler();
    std::shared_ptr<void> at_end(
        nullptr, [&](void* /*nothing*/) { scheduler.on_own_stack([&] { ++calls; }); });
    const Task task = start(scheduler, [at_end = std::move(at_end)](Yield) {});
    EXPECT_FALSE(task.join(yield));
    EXPECT_EQ(calls, 1);
  });
}

// ---- spawn and run

TEST(Scheduler, RunReturnsAtOnceWhenThereIsNothingToDo) {
  Scheduler scheduler;
  scheduler.run();
  scheduler.run();
}

TEST(Scheduler, RunsCoroutinesInTheOrderTheyWereSpawned) {
  Events events;
  Scheduler scheduler;
  for (const char* name : {"first", "second", "third"})
    start(scheduler, [&events, name](Yield) { events.emplace_back(name); });
  EXPECT_THAT(events, IsEmpty());
  scheduler.run();
  EXPECT_THAT(events, ElementsAre("first", "second", "third"));
}

TEST(Scheduler, ASpawnedCoroutineBeginsAfterItsSpawnerHasSuspended) {
  Events events;
  run([&](Yield yield) {
    start(yield.scheduler(), [&](Yield) { events.emplace_back("inner"); });
    events.emplace_back("outer");
    yield.now();
    events.emplace_back("outer again");
  });
  EXPECT_THAT(events, ElementsAre("outer", "inner", "outer again"));
}

TEST(Scheduler, RunCanBeCalledAgainForWhatCameLater) {
  Scheduler scheduler;
  int ran = 0;
  for (int i = 0; i < 3; ++i) {
    start(scheduler, [&](Yield yield) {
      sleep_for(yield, 0ms);
      ++ran;
    });
    scheduler.run();
  }
  EXPECT_EQ(ran, 3);
}

TEST(Scheduler, TakesABodyThatCanOnlyBeMoved) {
  run([](Yield yield) {
    int result = 0;
    const Task task =
        start(yield.scheduler(),
              [&result, number = std::make_unique<int>(42)](Yield) { result = *number; });
    task.join(yield);
    EXPECT_EQ(result, 42);
  });
}

TEST(Scheduler, CopiesABodyThatItIsNotGiven) {
  Scheduler scheduler;
  int ran = 0;
  const auto body = [&ran](Yield) { ++ran; };
  scheduler.spawn("test", body).value();
  scheduler.spawn("test", body).value();
  scheduler.run();
  EXPECT_EQ(ran, 2);
}

TEST(Scheduler, DestroysABodyWhenItEnds) {
  Events events;
  run([&](Yield yield) {
    const Task task = start(yield.scheduler(), [witness = Witness(events, "body")](Yield) {});
    task.join(yield);
    EXPECT_THAT(events, ElementsAre("body"));
  });
}

TEST(Scheduler, CoroutinesNeverNest) {
  Scheduler scheduler;
  Condition condition;
  int depth = 0;
  int turns = 0;
  const auto turn = [&] {
    EXPECT_EQ(++depth, 1);
    condition.notify_all();
    start(scheduler, [&](Yield) {
      EXPECT_EQ(++depth, 1);
      --depth;
    });
    --depth;
    ++turns;
  };
  for (int i = 0; i < 3; ++i) {
    start(scheduler, [&](Yield yield) {
      turn();
      boost::asio::post(scheduler.context(), yield);
      turn();
      condition.wait(yield);
      turn();
    });
  }
  scheduler.run();
  turn();
  scheduler.run();
  EXPECT_GE(turns, 9);
}

TEST(Scheduler, ACompletionHandlerOfTheProgramMayResumeACoroutine) {
  Scheduler scheduler;
  Condition condition;
  Events events;
  start(scheduler, [&](Yield yield) {
    condition.wait(yield);
    events.emplace_back("resumed");
  });
  boost::asio::post(scheduler.context(), [&] {
    condition.notify_one();
    events.emplace_back("notified");
  });
  scheduler.run();
  EXPECT_THAT(events, ElementsAre("notified", "resumed"));
}

// ---- stacks

TEST(Scheduler, UsesTheStackOfAnEndedCoroutineForTheNext) {
  Scheduler scheduler;
  constexpr int count = 1'000'000;
  int ran = 0;
  start(scheduler, [&](Yield yield) {
    const int all = memory_is_watched() ? count / 100 : count;
    for (int i = 0; i < all; ++i) {
      start(scheduler, [&ran](Yield) { ++ran; });
      yield.now();
    }
    EXPECT_EQ(ran, all);
  });
  scheduler.run();
  EXPECT_EQ(scheduler.counters().stacks, 2U);
}

TEST(Scheduler, UsesStacksAgainAfterMoreWereAliveThanItKeepsReady) {
  Scheduler scheduler({.keep_ready = 2});
  for (int storm = 0; storm < 3; ++storm) {
    for (int i = 0; i < 100; ++i)
      start(scheduler, [](Yield yield) { yield.now(); });
    scheduler.run();
  }
  EXPECT_EQ(scheduler.counters().stacks, 100U);
  EXPECT_EQ(scheduler.counters().spawned, 300U);
}

TEST(Scheduler, TellsHowItsStacksAreGuarded) {
  EXPECT_EQ(Scheduler().stack_guard(), StackPool::kernel_guard());
  EXPECT_EQ(Scheduler({.stacks = {.guard = StackPool::Guard::mprotect}}).stack_guard(),
            StackPool::Guard::mprotect);
}

// Spawns until there is no stack, and sees that the others go on and that there are stacks again
// once they have ended. Exits with 0 if so.
[[noreturn]] void run_out_of_stacks(Scheduler::Options options, void (*relax)()) {
  Scheduler scheduler(options);
  Condition go;
  std::size_t ended = 0;
  boost::system::error_code error;
  while (!error) {
    const auto task = scheduler.spawn("test", [&](Yield yield) {
      go.wait(yield);
      ++ended;
    });
    if (task.has_error()) error = task.error();
  }
  relax();
  const std::size_t alive = scheduler.counters().alive;
  bool ok = error == make_error_code(Error::no_stack) && alive > 1000 && alive < 100'000;
  scheduler.run();
  go.notify_all();
  scheduler.run();
  ok = ok && ended == alive && scheduler.counters().alive == 0;
  bool again = false;
  start(scheduler, [&](Yield) { again = true; });
  scheduler.run();
  std::_Exit(ok && again ? 0 : 1);
}

void limit_address_space(rlim_t bytes) {
  const rlimit limit{.rlim_cur = bytes, .rlim_max = RLIM_INFINITY};
  ASSERT_EQ(::setrlimit(RLIMIT_AS, &limit), 0);
}

TEST(SchedulerDeathTest, WithoutMemoryASpawnFailsAndTheOthersGoOn) {
  if (memory_is_watched()) GTEST_SKIP() << "the limit would stop the tool that watches memory";
  EXPECT_EXIT(
      {
        limit_address_space(rlim_t{1} << 30U);
        run_out_of_stacks({}, [] { limit_address_space(RLIM_INFINITY); });
      },
      testing::ExitedWithCode(0), "");
}

TEST(SchedulerDeathTest, WithoutMappingsASpawnFailsAndTheOthersGoOn) {
  if (memory_is_watched()) GTEST_SKIP() << "the limit would stop the tool that watches memory";
  const Scheduler::Options options{.stacks = {.guard = StackPool::Guard::mprotect}};
  EXPECT_EXIT(run_out_of_stacks(options, [] {}), testing::ExitedWithCode(0), "");
}

TEST(Scheduler, ABodyThatCouldNotBeSpawnedIsNotMovedFrom) {
  Scheduler scheduler({.stacks = {.stack_size = std::size_t{1} << 50U}});
  auto body = [number = std::make_unique<int>(42)](Yield) {};
  const auto task = scheduler.spawn("test", std::move(body));
  EXPECT_EQ(task.error(), make_error_code(Error::no_stack));
  EXPECT_THAT(task.error().message(), testing::HasSubstr("vm.max_map_count"));
  EXPECT_EQ(scheduler.counters().alive, 0U);
}

// ---- exceptions

TEST(Scheduler, AnExceptionLeavesOnlyItsOwnCoroutine) {
  Scheduler scheduler;
  Events events;
  Condition reported;
  scheduler.on_exception([&](const char* name, const std::exception_ptr& exception) {
    try {
      std::rethrow_exception(exception);
    } catch (const std::runtime_error& error) {
      events.push_back(std::string(name) + ": " + error.what());
    }
    reported.notify_all();
  });
  start(scheduler, [&](Yield yield) {
    reported.wait(yield);
    events.emplace_back("other goes on");
  });
  const auto unlucky = [](Yield yield) {
    yield.now();
    throw std::runtime_error("out of luck");
  };
  scheduler.spawn("unlucky", unlucky).value();
  scheduler.run();
  EXPECT_THAT(events, ElementsAre("unlucky: out of luck", "other goes on"));
  EXPECT_EQ(scheduler.counters().failed, 1U);
  EXPECT_EQ(scheduler.counters().alive, 0U);
}

TEST(Scheduler, AnExceptionOfAnyTypeIsReported) {
  Scheduler scheduler;
  int reported = 0;
  scheduler.on_exception([&](const char*, const std::exception_ptr& exception) {
    EXPECT_TRUE(exception);
    ++reported;
  });
  start(scheduler, [](Yield) { throw 42; });
  scheduler.run();
  EXPECT_EQ(reported, 1);
}

TEST(Scheduler, ReportsExceptionsToStandardErrorByDefault) {
  testing::internal::CaptureStderr();
  {
    Scheduler scheduler;
    scheduler.spawn("unlucky", [](Yield) { throw std::runtime_error("out of luck"); }).value();
    scheduler.spawn("odd", [](Yield) { throw 42; }).value();
    scheduler.run();
  }
  EXPECT_EQ(testing::internal::GetCapturedStderr(),
            "coroutine 'unlucky' ended by an exception: out of luck\n"
            "coroutine 'odd' ended by an exception\n");
}

TEST(Scheduler, UsesStacksAgainAfterExceptions) {
  Scheduler scheduler;
  scheduler.on_exception([](const char*, const std::exception_ptr&) {});
  for (int i = 0; i < 100; ++i) {
    start(scheduler, [](Yield) { throw std::runtime_error("out of luck"); });
    scheduler.run();
  }
  EXPECT_EQ(scheduler.counters().failed, 100U);
  EXPECT_EQ(scheduler.counters().stacks, 1U);
}

TEST(Scheduler, ManyCoroutinesMayHandleExceptionsInTurns) {
  run([](Yield yield) {
    for (int i = 0; i < 10; ++i) {
      start(yield.scheduler(), [i](Yield other) {
        for (int round = 0; round < 10; ++round) {
          bool caught = false;
          try {
            other.now();
            throw int{i};
          } catch (const int number) {
            caught = number == i;
          }
          EXPECT_TRUE(caught);
        }
      });
    }
  });
}

// ---- destruction

// Leaves run() while coroutines are suspended, as a program does that must end now.
void run_until_blocked(Scheduler& scheduler) {
  scheduler.before_sleep([] { throw std::runtime_error("about to block"); });
  EXPECT_THROW(scheduler.run(), std::runtime_error);
}

TEST(Scheduler, DestroyingItUnwindsWhatIsSuspendedTheYoungestFirst) {
  Events events;
  Condition condition;
  {
    Scheduler scheduler;
    SocketPair pair(scheduler);
    Task in_condition;
    start(scheduler, [&](Yield yield) {
      const Witness witness(events, "socket");
      char byte = 0;
      boost::asio::async_read(pair.near, buffer(&byte, 1), yield);
      events.emplace_back("not reached");
    });
    start(scheduler, [&](Yield yield) {
      const Witness witness(events, "timer");
      sleep_for(yield, forever);
      events.emplace_back("not reached");
    });
    in_condition = start(scheduler, [&](Yield yield) {
      const Witness witness(events, "condition");
      condition.wait(yield);
      events.emplace_back("not reached");
    });
    start(scheduler, [&](Yield yield) {
      const Witness witness(events, "join");
      in_condition.join(yield);
      events.emplace_back("not reached");
    });
    start(scheduler, [&](Yield yield) {
      const Witness witness(events, "time limit");
      const TimeLimit limit(yield, forever);
      sleep_for(yield, forever);
      events.emplace_back("not reached");
    });
    run_until_blocked(scheduler);
    start(scheduler, [&, witness = Witness(events, "never started")](Yield) {
      events.emplace_back("not reached");
    });
    EXPECT_THAT(events, IsEmpty());
  }
  EXPECT_THAT(events,
              ElementsAre("never started", "time limit", "join", "condition", "timer", "socket"));
}

TEST(Scheduler, CanBeUnwoundBeforeItIsDestroyed) {
  Events events;
  Scheduler scheduler;
  Condition condition;
  for (const char* name : {"first", "second", "third"}) {
    start(scheduler, [&, name](Yield yield) {
      const Witness witness(events, name);
      condition.wait(yield);
    });
  }
  scheduler.run();
  scheduler.unwind();
  EXPECT_THAT(events, ElementsAre("third", "second", "first"));
  events.emplace_back("after");
  condition.notify_all();
}

TEST(Scheduler, GoesOnWithTheOthersWhenRunIsCalledAgainAfterAnException) {
  Scheduler scheduler;
  Events events;
  scheduler.on_exception(
      [](const char*, const std::exception_ptr& exception) { std::rethrow_exception(exception); });
  start(scheduler, [](Yield) { throw std::runtime_error("fatal"); });
  for (const char* name : {"first", "second"})
    start(scheduler, [&, name](Yield) { events.emplace_back(name); });
  EXPECT_THROW(scheduler.run(), std::runtime_error);
  EXPECT_THAT(events, ElementsAre());
  scheduler.run();
  EXPECT_THAT(events, ElementsAre("first", "second"));
}

TEST(Scheduler, AnOperationThatIsDroppedWithoutAnEndFailsTheCoroutineThatWaits) {
  run([](Yield yield) {
    EXPECT_THROW((boost::asio::async_initiate<Yield, void()>(
                     [](auto handler) { const auto dropped = std::move(handler); }, yield)),
                 std::exception);
    EXPECT_EQ(sleep_for(yield, 0ms), error_code());
  });
}

TEST(Scheduler, AnOperationThatIsDroppedLaterFailsTheCoroutineThatWaits) {
  Scheduler scheduler;
  std::optional<detail::Completion<>> operation;
  bool failed = false;
  start(scheduler, [&](Yield yield) {
    try {
      boost::asio::async_initiate<Yield, void()>(
          [&](auto handler) { operation.emplace(std::move(handler)); }, yield);
    } catch (const std::exception&) {
      failed = true;
    }
  });
  start(scheduler, [&](Yield) { operation.reset(); });
  scheduler.run();
  EXPECT_TRUE(failed);
}

TEST(Scheduler, CoroutinesMayOwnWhatTheyWaitFor) {
  Events events;
  {
    Scheduler scheduler;
    start(scheduler, [&](Yield yield) {
      const Witness witness(events, "unwound");
      SocketPair pair(yield.scheduler());
      Condition condition;
      Timer timer(yield.scheduler(), [] {});
      timer.expire_at(from_now(forever));
      char byte = 0;
      boost::asio::async_read(pair.near, buffer(&byte, 1), yield);
    });
    run_until_blocked(scheduler);
  }
  EXPECT_THAT(events, ElementsAre("unwound"));
}

TEST(Scheduler, ADestructorMayCancelNotifyAndSpawnWhileEverythingIsUnwound) {
  Events events;
  Condition condition;
  Task oldest;
  Task youngest;
  {
    Scheduler scheduler;
    const auto meddle = [&] {
      EXPECT_TRUE(youngest.done());
      EXPECT_FALSE(oldest.done());
      oldest.cancel();
      youngest.cancel();
      condition.notify_all();
      start(scheduler, [witness = Witness(events, "spawned late")](Yield) {});
    };
    oldest = start(scheduler, [&](Yield yield) {
      const Witness witness(events, "oldest");
      sleep_for(yield, forever);
    });
    start(scheduler, [&](Yield yield) {
      const Witness witness(events, "meddler");
      const std::shared_ptr<void> meddler(nullptr, [&](void*) { meddle(); });
      sleep_for(yield, forever);
    });
    youngest = start(scheduler, [&](Yield yield) {
      const Witness witness(events, "youngest");
      condition.wait(yield);
    });
    run_until_blocked(scheduler);
  }
  EXPECT_THAT(events, ElementsAre("youngest", "meddler", "oldest", "spawned late"));
}

// ---- counters

TEST(Scheduler, CountsCoroutinesAndStacks) {
  Scheduler scheduler;
  Condition go;
  for (int i = 0; i < 3; ++i)
    start(scheduler, [&](Yield yield) { go.wait(yield); });
  scheduler.run();
  EXPECT_EQ(scheduler.counters().alive, 3U);
  go.notify_all();
  scheduler.run();
  start(scheduler, [](Yield) {});
  scheduler.run();
  const Scheduler::Counters counters = scheduler.counters();
  EXPECT_EQ(counters.alive, 0U);
  EXPECT_EQ(counters.peak, 3U);
  EXPECT_EQ(counters.spawned, 4U);
  EXPECT_EQ(counters.failed, 0U);
  EXPECT_EQ(counters.stacks, 3U);
}

// ---- the step before sleeping

TEST(Scheduler, TakesTheStepBeforeItBlocksAndAfterEveryCoroutineThatIsReady) {
  Scheduler scheduler;
  Events events;
  Condition stepped;
  scheduler.before_sleep([&] {
    events.emplace_back("step");
    stepped.notify_all();
  });
  start(scheduler, [&](Yield yield) {
    events.emplace_back("first");
    yield.now();
    events.emplace_back("second");
    yield.now();
    events.emplace_back("third");
    stepped.wait(yield);
    events.emplace_back("fourth");
  });
  scheduler.run();
  EXPECT_THAT(events, ElementsAre("first", "second", "third", "step", "fourth", "step"));
}

TEST(Scheduler, TakesTheStepAlsoWhenItNeverBlocks) {
  run([](Yield yield) {
    int steps = 0;
    yield.scheduler().before_sleep([&] { ++steps; });
    for (int i = 0; i < 10'000 && steps < 3; ++i)
      yield.now();
    EXPECT_EQ(steps, 3);
    for (int i = 0; i < 10'000 && steps < 6; ++i)
      boost::asio::post(yield.scheduler().context(), yield);
    EXPECT_EQ(steps, 6);
    yield.scheduler().before_sleep([] {});
  });
}

TEST(Scheduler, GoesOnWithWhatTheStepBegins) {
  Scheduler scheduler;
  Events events;
  scheduler.before_sleep([&, again = true]() mutable {
    if (!std::exchange(again, false)) return;
    start(scheduler, [&](Yield) { events.emplace_back("coroutine"); });
    boost::asio::post(scheduler.context(), [&] { events.emplace_back("handler"); });
  });
  scheduler.run();
  EXPECT_THAT(events, testing::UnorderedElementsAre("coroutine", "handler"));
}

TEST(Scheduler, GoesOnWithAHandlerThatTheStepPosts) {
  Scheduler scheduler;
  bool handled = false;
  scheduler.before_sleep([&, again = true]() mutable {
    if (std::exchange(again, false))
      boost::asio::post(scheduler.context(), [&] { handled = true; });
  });
  scheduler.run();
  EXPECT_TRUE(handled);
}

// ---- Asio beside the scheduler's own epoll

// A coroutine that waits for a descriptor, and a pipe to wake it by.
class WokenByAPipe {
 public:
  explicit WokenByAPipe(Scheduler& scheduler) {
    std::array<int, 2> ends{};
    EXPECT_EQ(::pipe2(ends.data(), O_CLOEXEC), 0);
    reading_ = Descriptor(ends[0]);
    writing_ = Descriptor(ends[1]);
    start(scheduler, [this](Yield yield) {
      Readiness readiness(yield.scheduler(), reading_.number());
      EXPECT_EQ(readiness.wait_readable(yield), error_code());
    });
  }
  void wake() const { EXPECT_EQ(::write(writing_.number(), "x", 1), 1); }

 private:
  Descriptor reading_;
  Descriptor writing_;
};

TEST(Scheduler, WakesForAnOperationOfAsiosThatBeginsAfterItHasSleptWithoutOne) {
  Scheduler scheduler;
  const WokenByAPipe other(scheduler);
  start(scheduler, [&other](Yield yield) {
    EXPECT_EQ(sleep_for(yield, 1ms), error_code());  // Asio has nothing under way
    SocketPair pair(yield.scheduler());
    start(yield.scheduler(), [&pair](Yield inner) {
      EXPECT_EQ(sleep_for(inner, 1ms), error_code());
      boost::asio::async_write(pair.far, buffer("x", 1), inner);
    });
    char byte = 0;
    const auto [error, size] = boost::asio::async_read(pair.near, buffer(&byte, 1), yield);
    EXPECT_EQ(error, error_code());
    other.wake();
  });
  scheduler.run();
}

TEST(Scheduler, WakesForAHandlerPostedWhileItHasNothingElseOfAsios) {
  Scheduler scheduler;
  const WokenByAPipe other(scheduler);
  start(scheduler, [&other](Yield yield) {
    EXPECT_EQ(sleep_for(yield, 1ms), error_code());
    boost::asio::post(yield.executor(), [&other] { other.wake(); });
  });
  scheduler.run();
}

TEST(Scheduler, WakesForAHandlerPostedByAnExecutorThatWasKept) {
  Scheduler scheduler;
  const Executor kept = scheduler.executor();
  const WokenByAPipe other(scheduler);
  start(scheduler, [&](Yield yield) {
    EXPECT_EQ(sleep_for(yield, 1ms), error_code());
    boost::asio::post(kept, [&other] { other.wake(); });
  });
  scheduler.run();
}

TEST(Scheduler, WakesForAHandlerPostedToAContextThatNobodyHasUsedBefore) {
  Scheduler scheduler;
  const WokenByAPipe other(scheduler);
  start(scheduler, [&](Yield yield) {
    for (int i = 0; i < 3; ++i)
      EXPECT_EQ(sleep_for(yield, 1ms), error_code());
    boost::asio::post(scheduler.context(), [&other] { other.wake(); });
  });
  scheduler.run();
}

TEST(Scheduler, AnotherThreadThatHoldsWorkForItMayPostToIt) {
  Scheduler scheduler;
  const WokenByAPipe other(scheduler);
  std::jthread thread;
  start(scheduler, [&](Yield yield) {
    EXPECT_EQ(sleep_for(yield, 1ms), error_code());
    thread = std::jthread([&other, work = boost::asio::make_work_guard(yield.executor())] {
      std::this_thread::sleep_for(5ms);  // the scheduler sleeps meanwhile, most likely
      boost::asio::post(work.get_executor(), [&other] { other.wake(); });
    });
  });
  scheduler.run();
}

// ---- fairness

TEST(Scheduler, CoroutinesThatAreAlwaysReadyDoNotStarveInputAndOutput) {
  bool stop = false;
  char byte = 0;
  Scheduler scheduler;
  SocketPair pair(scheduler);
  for (int i = 0; i < 10; ++i) {
    start(scheduler, [&stop](Yield yield) {
      while (!stop)
        yield.now();
    });
  }
  start(scheduler, [&pair](Yield yield) {
    sleep_for(yield, 1ms);
    boost::asio::async_write(pair.far, buffer("x", 1), yield);
  });
  start(scheduler, [&](Yield yield) {
    boost::asio::async_read(pair.near, buffer(&byte, 1), yield);
    stop = true;
  });
  scheduler.run();
  EXPECT_EQ(byte, 'x');
}

TEST(Scheduler, InputAndOutputThatIsAlwaysReadyDoesNotStarveCoroutines) {
  bool stop = false;
  Scheduler scheduler;
  for (int i = 0; i < 10; ++i) {
    start(scheduler, [&](Yield yield) {
      while (!stop)
        boost::asio::post(scheduler.context(), yield);
    });
  }
  start(scheduler, [&](Yield yield) {
    sleep_for(yield, 1ms);
    for (int i = 0; i < 1000; ++i)
      yield.now();
    stop = true;
  });
  scheduler.run();
  EXPECT_TRUE(stop);
}

TEST(Scheduler, ReadyCoroutinesTakeTurns) {
  std::vector<int> rounds(10);
  Scheduler scheduler;
  for (int& mine : rounds) {
    start(scheduler, [&](Yield yield) {
      for (; mine < 100; ++mine) {
        const auto [least, most] = std::ranges::minmax(rounds);
        EXPECT_LE(most - least, 1);
        yield.now();
      }
    });
  }
  scheduler.run();
  EXPECT_THAT(rounds, testing::Each(100));
}

TEST(Scheduler, ManyCoroutinesShareOneThread) {
  Scheduler scheduler;
  constexpr int count = 1000;
  int echoed = 0;
  for (int i = 0; i < count; ++i) {
    auto pair = std::make_shared<SocketPair>(scheduler);
    start(scheduler, [pair](Yield yield) {
      std::array<char, 64> text{};
      for (;;) {
        const auto [error, size] = pair->far.async_read_some(buffer(text), yield);
        if (error) return;
        boost::asio::async_write(pair->far, buffer(text, size), yield);
      }
    });
    start(scheduler, [pair, &echoed, i](Yield yield) {
      for (int round = 0; round < 3; ++round) {
        const std::string sent = std::to_string(i) + "." + std::to_string(round);
        boost::asio::async_write(pair->near, buffer(sent), yield);
        std::string received(sent.size(), ' ');
        boost::asio::async_read(pair->near, buffer(received), yield);
        if (received == sent) ++echoed;
      }
      pair->near.close();
    });
  }
  scheduler.run();
  EXPECT_EQ(echoed, 3 * count);
  EXPECT_EQ(scheduler.counters().alive, 0U);
}

}  // namespace
}  // namespace coro

#include "coro/coroutine.hpp"

#include <gmock/gmock.h>

#include <array>
#include <cstddef>
#include <memory>
#include <stdexcept>

#include "tests/unit/coro/test_support.hpp"

namespace coro {
namespace {

using testing::ElementsAre;

TEST(Coroutine, RunsOnlyWhenResumedAndStopsWhereItSuspends) {
  StackPool pool;
  Events events;
  Coroutine coroutine(pool);
  coroutine.start([&](Coroutine& self) {
    events.emplace_back("first");
    self.suspend();
    events.emplace_back("second");
  });
  EXPECT_FALSE(coroutine.done());
  events.emplace_back("started");
  coroutine.resume();
  EXPECT_FALSE(coroutine.done());
  events.emplace_back("suspended");
  coroutine.resume();
  EXPECT_TRUE(coroutine.done());
  EXPECT_FALSE(coroutine.failed());
  EXPECT_THAT(events, ElementsAre("started", "first", "suspended", "second"));
}

TEST(Coroutine, AnEmptyOneIsDone) {
  StackPool pool;
  const Coroutine coroutine(pool);
  EXPECT_TRUE(coroutine.done());
  EXPECT_FALSE(coroutine.failed());
}

TEST(Coroutine, ADoneOneRunsTheNextFunctionOnTheSameStack) {
  StackPool pool;
  Coroutine coroutine(pool);
  std::array<const void*, 2> frames{};
  for (const void*& frame : frames) {
    coroutine.start([&frame](Coroutine&) { frame = __builtin_frame_address(0); });
    coroutine.resume();
  }
  EXPECT_EQ(frames[0], frames[1]);
  EXPECT_EQ(pool.held(), 1U);
}

TEST(Coroutine, ItsFunctionsLocalsLieNearTheTopOfItsStack) {
  StackPool pool;
  Coroutine coroutine(pool);
  std::ptrdiff_t below = 0;
  coroutine.start([&](Coroutine& self) {
    below = static_cast<const char*>(self.stack_top()) -
            static_cast<const char*>(__builtin_frame_address(0));
  });
  coroutine.resume();
  EXPECT_GT(below, 0);
  EXPECT_LT(below, 1024);
}

TEST(Coroutine, DestroysItsFunctionWhenItEnds) {
  StackPool pool;
  Events events;
  Coroutine coroutine(pool);
  coroutine.start([witness = Witness(events, "function")](Coroutine&) {});
  coroutine.resume();
  EXPECT_THAT(events, ElementsAre("function"));
}

TEST(Coroutine, DestroyingASuspendedOneRunsTheDestructorsOfItsLocals) {
  StackPool pool;
  Events events;
  {
    Coroutine coroutine(pool);
    coroutine.start([&, witness = Witness(events, "function")](Coroutine& self) {
      const Witness outer(events, "outer");
      [&] {
        const Witness inner(events, "inner");
        self.suspend();
        events.emplace_back("not reached");
      }();
    });
    coroutine.resume();
  }
  EXPECT_THAT(events, ElementsAre("inner", "outer", "function"));
  EXPECT_EQ(pool.in_use(), 0U);
}

TEST(Coroutine, DestroyingOneThatNeverRanDestroysItsFunction) {
  StackPool pool;
  Events events;
  {
    Coroutine coroutine(pool);
    coroutine.start([&, witness = Witness(events, "function")](Coroutine&) {
      events.emplace_back("not reached");
    });
  }
  EXPECT_THAT(events, ElementsAre("function"));
  EXPECT_EQ(pool.in_use(), 0U);
}

TEST(Coroutine, AnExceptionComesOutOfResumeAndEndsItForGood) {
  StackPool pool;
  Events events;
  Coroutine coroutine(pool);
  coroutine.start([&](Coroutine& self) {
    const Witness witness(events, "unwound");
    self.suspend();
    throw std::runtime_error("out of luck");
  });
  coroutine.resume();
  EXPECT_THROW(coroutine.resume(), std::runtime_error);
  EXPECT_THAT(events, ElementsAre("unwound"));
  EXPECT_TRUE(coroutine.done());
  EXPECT_TRUE(coroutine.failed());
}

TEST(Coroutine, AnExceptionThatItCatchesStaysInside) {
  StackPool pool;
  Coroutine coroutine(pool);
  bool caught = false;
  coroutine.start([&](Coroutine& self) {
    try {
      self.suspend();
      throw std::runtime_error("out of luck");
    } catch (const std::runtime_error&) {
      caught = true;
    }
    self.suspend();
  });
  coroutine.resume();
  coroutine.resume();
  EXPECT_TRUE(caught);
  EXPECT_FALSE(coroutine.done());
}

TEST(Coroutine, TakesAFunctionThatCanOnlyBeMoved) {
  StackPool pool;
  Coroutine coroutine(pool);
  int result = 0;
  coroutine.start([&result, number = std::make_unique<int>(42)](Coroutine&) { result = *number; });
  coroutine.resume();
  EXPECT_EQ(result, 42);
}

TEST(Coroutine, KnowsWhetherTheCallerIsInside) {
  StackPool pool;
  Coroutine coroutine(pool);
  bool inside = false;
  coroutine.start([&inside](Coroutine& self) { inside = self.is_inside(); });
  EXPECT_FALSE(coroutine.is_inside());
  coroutine.resume();
  EXPECT_TRUE(inside);
}

TEST(Coroutine, OneMayResumeAnother) {
  StackPool pool;
  Events events;
  Coroutine inner(pool);
  inner.start([&](Coroutine& self) {
    events.emplace_back("inner 1");
    self.suspend();
    events.emplace_back("inner 2");
  });
  Coroutine outer(pool);
  outer.start([&](Coroutine& self) {
    inner.resume();
    events.emplace_back("outer");
    self.suspend();
    inner.resume();
  });
  outer.resume();
  outer.resume();
  EXPECT_TRUE(inner.done());
  EXPECT_THAT(events, ElementsAre("inner 1", "outer", "inner 2"));
}

TEST(Coroutine, ThrowsWhenThePoolHasNoStackAndLeavesNothingBehind) {
  StackPool pool({.stack_size = std::size_t{1} << 50U});
  EXPECT_THROW(const Coroutine coroutine(pool), std::bad_alloc);
  EXPECT_EQ(pool.in_use(), 0U);
}

// NOLINTNEXTLINE(misc-no-recursion)
std::size_t descend(std::size_t depth) {
  std::array<volatile char, 512> frame{};
  frame[depth % frame.size()] = 1;
  return depth == 0 ? 0 : descend(depth - 1) + static_cast<std::size_t>(frame[0]);
}

TEST(CoroutineDeathTest, RecursionWithoutEndDiesAtTheGuard) {
  for (const StackPool::Guard guard : {StackPool::kernel_guard(), StackPool::Guard::mprotect}) {
    EXPECT_EXIT(
        {
          die_of_faults();
          StackPool pool({.guard = guard});
          Coroutine coroutine(pool);
          coroutine.start([](Coroutine&) { descend(std::size_t{1} << 40U); });
          coroutine.resume();
        },
        testing::KilledBySignal(SIGSEGV), "");
  }
}

// One frame larger than stack and guard together must not land beyond them.
char last_of_a_large_frame() {
  std::array<volatile char, std::size_t{8} << 20U> frame;
  frame[0] = 1;
  return frame[0];
}

TEST(CoroutineDeathTest, AFrameLargerThanTheGuardDoesNotStepOverIt) {
  EXPECT_EXIT(
      {
        die_of_faults();
        StackPool pool;
        Coroutine neighbour(pool);
        Coroutine coroutine(pool);
        coroutine.start([](Coroutine&) { last_of_a_large_frame(); });
        coroutine.resume();
      },
      testing::KilledBySignal(SIGSEGV), "");
}

#ifndef NDEBUG
TEST(CoroutineDeathTest, AssertsThatNoExceptionIsBeingHandledWhenItSuspends) {
  EXPECT_DEATH(
      {
        StackPool pool;
        Coroutine coroutine(pool);
        coroutine.start([](Coroutine& self) {
          try {
            throw std::runtime_error("out of luck");
          } catch (const std::runtime_error&) {
            self.suspend();
          }
        });
        coroutine.resume();
      },
      "current_exception");
}

TEST(CoroutineDeathTest, AssertsThatOnlyItselfSuspendsIt) {
  EXPECT_DEATH(
      {
        StackPool pool;
        Coroutine coroutine(pool);
        coroutine.start([](Coroutine& self) { self.suspend(); });
        coroutine.resume();
        coroutine.suspend();
      },
      "is_inside");
}

TEST(CoroutineDeathTest, AssertsThatADoneOneIsNotResumed) {
  EXPECT_DEATH(
      {
        StackPool pool;
        Coroutine coroutine(pool);
        coroutine.resume();
      },
      "done");
}
#endif

}  // namespace
}  // namespace coro

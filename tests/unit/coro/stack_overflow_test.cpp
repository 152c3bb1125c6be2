#include "coro/stack_overflow.hpp"

#include <gmock/gmock.h>
#include <sys/mman.h>
#include <unistd.h>

#include <array>
#include <csignal>
#include <thread>

#include "tests/unit/coro/test_support.hpp"

namespace coro {
namespace {

using testing::HasSubstr;
using testing::KilledBySignal;
using testing::Not;

constexpr auto report = "coro: coroutine 'culprit' has overflowed its stack of 64 KiB\n";

// NOLINTNEXTLINE(misc-no-recursion)
std::size_t use_up_the_stack(std::size_t depth) {
  std::array<volatile char, 512> frame{};
  frame[depth % frame.size()] = 1;
  return depth == 0 ? 0 : use_up_the_stack(depth - 1) + static_cast<std::size_t>(frame[0]);
}

void overflow(Yield /*yield*/) {
  use_up_the_stack(std::size_t{1} << 40U);
}

// Two coroutines wait while a third one, between them, does this.
template <typename Body>
void run_among_others(Body body, StackPool::Guard guard = StackPool::kernel_guard()) {
  Scheduler scheduler({.stacks = {.stack_size = std::size_t{64} << 10U, .guard = guard}});
  const auto wait = [](Yield yield) { sleep_for(yield, forever); };
  scheduler.spawn("first", wait).value();
  scheduler.spawn("culprit", body).value();
  scheduler.spawn("last", wait).value();
  scheduler.run();
}

TEST(StackOverflowDeathTest, NamesTheCoroutineAndDiesByTheSameSignal) {
  for (const StackPool::Guard guard : {StackPool::kernel_guard(), StackPool::Guard::mprotect}) {
    EXPECT_EXIT(
        {
          die_of_faults();
          report_stack_overflow();
          run_among_others(overflow, guard);
        },
        KilledBySignal(SIGSEGV), HasSubstr(report));
  }
}

TEST(StackOverflowDeathTest, NamesTheCoroutineOfAnotherThread) {
  EXPECT_EXIT(
      {
        die_of_faults();
        report_stack_overflow();
        std::thread([] { run_among_others(overflow); }).join();
      },
      KilledBySignal(SIGSEGV), HasSubstr(report));
}

TEST(StackOverflowDeathTest, IsNotReportedUnlessTheProgramAsksForIt) {
  EXPECT_EXIT(
      {
        die_of_faults();
        run_among_others(overflow);
      },
      KilledBySignal(SIGSEGV), Not(HasSubstr("overflowed")));
}

TEST(StackOverflowDeathTest, ReportsNoOtherFault) {
  const auto fault = [](Yield /*yield*/) {
    void* const forbidden = ::mmap(nullptr, 1, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    *static_cast<volatile char*>(forbidden) = 1;
  };
  const auto sent = [](Yield /*yield*/) { ::kill(::getpid(), SIGSEGV); };
  EXPECT_EXIT(
      {
        die_of_faults();
        report_stack_overflow();
        run_among_others(fault);
      },
      KilledBySignal(SIGSEGV), Not(HasSubstr("overflowed")));
  EXPECT_EXIT(
      {
        die_of_faults();
        report_stack_overflow();
        run_among_others(sent);
      },
      KilledBySignal(SIGSEGV), Not(HasSubstr("overflowed")));
}

TEST(StackOverflowDeathTest, LetsAnEarlierHandlerTakeOverAfterTheReport) {
  EXPECT_EXIT(
      {
        struct sigaction action {};
        action.sa_handler = [](int) { std::_Exit(42); };
        action.sa_flags = SA_ONSTACK;
        ::sigaction(SIGSEGV, &action, nullptr);
        report_stack_overflow();
        run_among_others(overflow);
      },
      testing::ExitedWithCode(42), HasSubstr(report));
}

}  // namespace
}  // namespace coro

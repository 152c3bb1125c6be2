#include "coro/stack_pool.hpp"

#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <cstddef>
#include <cstdio>
#include <fstream>
#include <iterator>
#include <new>
#include <set>
#include <string>
#include <vector>

#include "tests/unit/coro/test_support.hpp"

namespace coro {
namespace {

using Stack = boost::context::stack_context;

std::size_t page_size() {
  return static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));
}

std::byte* bottom(const Stack& stack) {
  return static_cast<std::byte*>(stack.sp) - stack.size;
}

void touch(const Stack& stack) {
  std::fill_n(bottom(stack), stack.size, std::byte{1});
}

std::size_t resident_pages(const Stack& stack) {
  std::vector<unsigned char> pages(stack.size / page_size());
  EXPECT_EQ(::mincore(bottom(stack), stack.size, pages.data()), 0);
  return static_cast<std::size_t>(
      std::ranges::count_if(pages, [](unsigned char page) { return (page & 1U) != 0; }));
}

std::ptrdiff_t mappings() {
  std::ifstream maps("/proc/self/maps");
  return std::count(std::istreambuf_iterator<char>(maps), {}, '\n');
}

std::vector<Stack> allocate(StackPool& pool, std::size_t count) {
  std::vector<Stack> stacks(count);
  std::ranges::generate(stacks, [&pool] { return pool.allocate(); });
  return stacks;
}

void deallocate(StackPool& pool, std::vector<Stack>& stacks) {
  for (Stack& stack : stacks)
    pool.deallocate(stack);
}

// With each kind of guard that this kernel has.
class GuardedStackPool : public testing::TestWithParam<StackPool::Guard> {
 protected:
  void SetUp() override {
    if (GetParam() == StackPool::Guard::madvise && StackPool::kernel_guard() != GetParam()) {
      GTEST_SKIP() << "this kernel has no MADV_GUARD_INSTALL";
    }
  }

  static StackPool::Options options() {
    return {.stack_size = 16 * page_size(), .keep_resident = 2, .guard = GetParam()};
  }
};

using GuardedStackPoolDeathTest = GuardedStackPool;

const auto guards = testing::Values(StackPool::Guard::madvise, StackPool::Guard::mprotect);
std::string guard_name(const testing::TestParamInfo<StackPool::Guard>& guard) {
  return guard.param == StackPool::Guard::madvise ? "madvise" : "mprotect";
}
INSTANTIATE_TEST_SUITE_P(Guard, GuardedStackPool, guards, guard_name);
INSTANTIATE_TEST_SUITE_P(Guard, GuardedStackPoolDeathTest, guards, guard_name);

TEST_P(GuardedStackPool, GivesStacksThatCanBeUsedToTheirEnds) {
  StackPool pool(options());
  EXPECT_EQ(pool.guard(), GetParam());
  std::vector<Stack> stacks = allocate(pool, 3);
  for (const Stack& stack : stacks) {
    EXPECT_EQ(stack.size, pool.stack_size());
    touch(stack);
  }
  deallocate(pool, stacks);
}

TEST_P(GuardedStackPoolDeathTest, FaultsOnTheFirstByteBelowAStack) {
  StackPool pool(options());
  std::vector<Stack> stacks = allocate(pool, 2);
  for (const Stack& stack : stacks) {
    EXPECT_EXIT(
        {
          die_of_faults();
          *(bottom(stack) - 1) = std::byte{1};
        },
        testing::KilledBySignal(SIGSEGV), "");
  }
  deallocate(pool, stacks);
}

TEST_P(GuardedStackPoolDeathTest, KeepsTheGuardOfAStackWhoseMemoryWasReturned) {
  StackPool::Options keep_none = options();
  keep_none.keep_resident = 0;
  StackPool pool(keep_none);
  Stack stack = pool.allocate();
  pool.deallocate(stack);
  stack = pool.allocate();
  EXPECT_EXIT(
      {
        die_of_faults();
        *(bottom(stack) - 1) = std::byte{1};
      },
      testing::KilledBySignal(SIGSEGV), "");
  pool.deallocate(stack);
}

TEST_P(GuardedStackPool, ReturnsTheMemoryOfFreeStacksAboveTheWatermark) {
  StackPool pool(options());
  std::vector<Stack> stacks = allocate(pool, 4);
  std::ranges::for_each(stacks, touch);
  deallocate(pool, stacks);
  EXPECT_EQ(resident_pages(stacks[0]), 16U);
  EXPECT_EQ(resident_pages(stacks[1]), 16U);
  EXPECT_EQ(resident_pages(stacks[2]), 0U);
  EXPECT_EQ(resident_pages(stacks[3]), 0U);
}

TEST_P(GuardedStackPool, GivesAStackWithoutMemoryOnlyWhenThereIsNoOther) {
  StackPool pool(options());
  std::vector<Stack> stacks = allocate(pool, 4);
  deallocate(pool, stacks);
  std::vector<Stack> again = allocate(pool, 4);
  EXPECT_EQ(again[0].sp, stacks[1].sp);
  EXPECT_EQ(again[1].sp, stacks[0].sp);
  EXPECT_EQ(again[2].sp, stacks[3].sp);
  EXPECT_EQ(again[3].sp, stacks[2].sp);
  deallocate(pool, again);
}

TEST(StackPool, ReusesTheStackThatWasReturnedLast) {
  StackPool pool;
  std::vector<Stack> stacks = allocate(pool, 3);
  pool.deallocate(stacks[0]);
  pool.deallocate(stacks[2]);
  const Stack first = pool.allocate();
  const Stack second = pool.allocate();
  EXPECT_EQ(first.sp, stacks[2].sp);
  EXPECT_EQ(second.sp, stacks[0].sp);
  deallocate(pool, stacks);
}

TEST(StackPool, CountsStacksInUseAndHeld) {
  StackPool pool;
  EXPECT_EQ(pool.held(), 0U);
  std::vector<Stack> stacks = allocate(pool, 100);
  EXPECT_EQ(pool.in_use(), 100U);
  EXPECT_EQ(pool.held(), 100U);
  deallocate(pool, stacks);
  EXPECT_EQ(pool.in_use(), 0U);
  EXPECT_EQ(pool.held(), 100U);
}

TEST(StackPool, GivesStacksOfOneSizeWhateverTheBuild) {
  EXPECT_EQ(StackPool().stack_size(), std::size_t{64} << 10U);
}

TEST(StackPool, RoundsTheStackSizeUpToWholePages) {
  const StackPool pool({.stack_size = page_size() + 1});
  EXPECT_EQ(pool.stack_size(), 2 * page_size());
}

TEST(StackPool, StacksDoNotOverlap) {
  StackPool pool({.stack_size = page_size()});
  std::vector<Stack> stacks = allocate(pool, 200);
  std::ranges::sort(stacks, {}, bottom);
  for (std::size_t i = 1; i < stacks.size(); ++i)
    EXPECT_GE(bottom(stacks[i]), static_cast<std::byte*>(stacks[i - 1].sp) + page_size());
  deallocate(pool, stacks);
}

TEST(StackPool, ManyStacksAreFewMappingsWhereGuardsCostNone) {
  if (StackPool::kernel_guard() != StackPool::Guard::madvise) {
    GTEST_SKIP() << "this kernel has no MADV_GUARD_INSTALL";
  }
  const auto before = mappings();
  StackPool pool;
  std::vector<Stack> stacks = allocate(pool, 10'000);
  EXPECT_LT(mappings() - before, 200);
  deallocate(pool, stacks);
}

TEST(StackPool, UnmapsEverythingInTheEnd) {
  const auto before = mappings();
  {
    StackPool pool({.guard = StackPool::Guard::mprotect});
    std::vector<Stack> stacks = allocate(pool, 1000);
    EXPECT_GT(mappings(), before + 1000);
    deallocate(pool, stacks);
  }
  EXPECT_LT(mappings(), before + 20);
}

// Exits with 0 if allocate() throws std::bad_alloc and works again once memory is to be had.
[[noreturn]] void run_out_of_address_space() {
  const rlimit little{.rlim_cur = std::size_t{256} << 20U, .rlim_max = RLIM_INFINITY};
  ::setrlimit(RLIMIT_AS, &little);
  StackPool pool({.stack_size = std::size_t{1} << 20U});
  try {
    for (int i = 0; i < 1000; ++i)
      pool.allocate();
  } catch (const std::bad_alloc&) {
    const rlimit all{.rlim_cur = RLIM_INFINITY, .rlim_max = RLIM_INFINITY};
    ::setrlimit(RLIMIT_AS, &all);
    touch(pool.allocate());
    std::_Exit(0);
  }
  std::_Exit(1);
}

TEST(StackPoolDeathTest, ThrowsWhenThereIsNoMemoryAndRecovers) {
  if (memory_is_watched()) GTEST_SKIP() << "the limit would stop the tool that watches memory";
  EXPECT_EXIT(run_out_of_address_space(), testing::ExitedWithCode(0), "");
}

TEST(StackPool, OfThisThreadIsAlwaysTheSame) {
  EXPECT_EQ(&StackPool::of_this_thread(), &StackPool::of_this_thread());
}

}  // namespace
}  // namespace coro

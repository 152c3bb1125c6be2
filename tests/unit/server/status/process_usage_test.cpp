#include "server/status/process_usage.hpp"

#include <gtest/gtest.h>
#include <sys/resource.h>

#include <chrono>
#include <cstdio>
#include <ctime>
#include <filesystem>
#include <iterator>
#include <memory>
#include <vector>

#include "tests/unit/server/pipe.hpp"

namespace server {
namespace {

ProcessUsage usage() {
  return process_usage([] {});
}

double unix_time() {
  return std::chrono::duration<double>(std::chrono::system_clock::now().time_since_epoch()).count();
}

TEST(ProcessUsage, CountsTheDescriptorsThatAreOpen) {
  const auto before = usage().open_descriptors;
  ASSERT_TRUE(before.has_value());
  const auto listed = std::distance(std::filesystem::directory_iterator("/proc/self/fd"), {});
  EXPECT_EQ(*before + 1, static_cast<std::uint64_t>(listed));  // the list itself is one
  const Pipe pipe;
  EXPECT_EQ(usage().open_descriptors, *before + 2);
}

TEST(ProcessUsage, HasTheLimitOfDescriptors) {
  rlimit limit{};
  ASSERT_EQ(0, ::getrlimit(RLIMIT_NOFILE, &limit));
  EXPECT_EQ(usage().max_descriptors, limit.rlim_cur);
}

TEST(ProcessUsage, CountsProcessorTimeThatIsUsed) {
  const double before = usage().cpu_seconds;
  const std::clock_t begin = std::clock();
  while (std::clock() - begin < CLOCKS_PER_SEC / 50) {
  }
  EXPECT_GE(usage().cpu_seconds, before + 0.01);
}

TEST(ProcessUsage, CountsMemoryThatIsResidentOnlyOnceItIsWritten) {
  constexpr std::size_t size = std::size_t{32} * 1024 * 1024;
  const ProcessUsage before = usage();
  const std::vector<char> memory(size, 'a');
  const ProcessUsage after = usage();
  EXPECT_EQ('a', memory.back());
  EXPECT_GT(after.resident_bytes.value(), before.resident_bytes.value() + size / 2);
  EXPECT_GT(after.virtual_bytes.value(), after.resident_bytes.value());
}

TEST(ProcessUsage, KnowsWhenTheProcessStartedAndKeepsToIt) {
  const double started = usage().started.value();
  EXPECT_LT(started, unix_time() + 1);
  EXPECT_GT(started, unix_time() - 24 * 3600) << "a test does not run for a day";
  EXPECT_EQ(usage().started, started);
}

}  // namespace
}  // namespace server

#include "server/admin/http_connection.hpp"

#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/socket.h>

#include <array>
#include <cstddef>
#include <cstdlib>
#include <new>
#include <stdexcept>

#include "tests/unit/coro/test_support.hpp"

namespace server {
namespace {

constexpr std::size_t block = 4096;  // less than a request may need

// From now on the process gets no block of memory.
void use_up_memory() {
  const rlimit limit{.rlim_cur = 1, .rlim_max = RLIM_INFINITY};
  ::setrlimit(RLIMIT_AS, &limit);
  static const void* volatile last = nullptr;
  do {
    last = std::malloc(block);
  } while (last != nullptr);
}

// Exits with the number of connections that count as idle once the only one has ended.
[[noreturn]] void serve_without_memory() {
  std::array<int, 2> ends{};
  ::socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, ends.data());
  std::size_t idle = 0;
  bool failed = false;
  coro::Scheduler scheduler;
  coro::start(scheduler, [&](coro::Yield yield) {
    coro::Condition changed;
    use_up_memory();
    try {
      serve_http(
          coro::Descriptor(ends[0]), []() -> Status { throw std::logic_error("asked"); },
          IdleConnections{idle, changed}, yield);
    } catch (const std::bad_alloc&) {
      failed = true;
    }
  });
  scheduler.run();
  std::_Exit(failed ? static_cast<int>(idle) : 2);
}

TEST(HttpConnection, ThatFailsForWantOfMemoryIsNotIdle) {
  if (coro::memory_is_watched())
    GTEST_SKIP() << "the limit would stop the tool that watches memory";
  EXPECT_EXIT(serve_without_memory(), testing::ExitedWithCode(0), "");
}

}  // namespace
}  // namespace server

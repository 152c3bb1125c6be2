#include "coro/resolve.hpp"

#include <gmock/gmock.h>
#include <netdb.h>

#include <algorithm>
#include <boost/asio/error.hpp>
#include <cstring>
#include <filesystem>
#include <latch>
#include <thread>

#include "coro/time_limit.hpp"
#include "tests/unit/coro/test_support.hpp"

namespace coro {
namespace {

using boost::asio::ip::make_address;
using testing::ElementsAre;

constexpr const char* slow = "slow.test";
constexpr const char* unknown = "unknown.test";
std::latch* answer = nullptr;    // what the name server waits for
std::latch* answered = nullptr;  // that a lookup of the slow name has ended

}  // namespace
}  // namespace coro

// The linker calls this instead of the system's function, and that one by this other name (ld(1),
// --wrap).
extern "C" int __real_getaddrinfo(const char* node, const char* service, const addrinfo* hints,
                                  addrinfo** result);
extern "C" int __wrap_getaddrinfo(const char* node, const char* service, const addrinfo* hints,
                                  addrinfo** result) {
  if (node != nullptr && std::strcmp(node, coro::unknown) == 0) return EAI_NONAME;
  const bool is_slow = node != nullptr && std::strcmp(node, coro::slow) == 0;
  if (is_slow) coro::answer->wait();
  const int status = __real_getaddrinfo(is_slow ? "127.0.0.1" : node, service, hints, result);
  if (is_slow) coro::answered->count_down();
  return status;
}

namespace coro {
namespace {

class Resolve : public testing::Test {
 protected:
  Resolve() { answer = &answer_, answered = &answered_; }
  ~Resolve() override { answer = answered = nullptr; }

  void let_it_answer() { answer_.count_down(); }
  // The thread that was left behind still uses the test.
  void wait_for_the_thread() {
    let_it_answer();
    answered_.wait();
  }

 private:
  std::latch answer_{1};
  std::latch answered_{1};
};

TEST_F(Resolve, GivesTheAddressesOfANameWithThePort) {
  run([](Yield yield) {
    const auto addresses = resolve(yield, "127.0.0.1", "7");
    ASSERT_TRUE(addresses.has_value());
    EXPECT_THAT(*addresses, ElementsAre(Tcp::endpoint(make_address("127.0.0.1"), 7)));
  });
}

TEST_F(Resolve, ReportsANameThatIsUnknown) {
  run([](Yield yield) {
    EXPECT_EQ(resolve(yield, unknown, "7").error(), boost::asio::error::host_not_found);
  });
}

TEST_F(Resolve, OthersRunMeanwhile) {
  run([this](Yield yield) {
    start(yield.scheduler(), [this](Yield) { let_it_answer(); });
    EXPECT_TRUE(resolve(yield, slow, "").has_value());
  });
}

TEST_F(Resolve, WhoIsCancelledNeitherWaitsNorKeepsTheSchedulerWaiting) {
  run([](Yield yield) {
    const Task task = start(yield.scheduler(), [](Yield inside) {
      EXPECT_EQ(resolve(inside, slow, "").error(), aborted);
    });
    yield.now();
    task.cancel();
    EXPECT_EQ(task.join(yield), error_code());
  });
  wait_for_the_thread();  // and not before
}

TEST_F(Resolve, EndsWithATimeLimit) {
  run([](Yield yield) {
    const TimeLimit limit(yield, 1ms);
    EXPECT_EQ(resolve(yield, slow, "").error(), aborted);
  });
  wait_for_the_thread();
}

// Other coroutines and a time limit are due at once after the process was stopped and continued.
// The answer comes while the others run.
TEST_F(Resolve, LooksForAnAnswerBeforeItBelievesATimeLimit) {
  const auto threads = [] {
    return std::ranges::distance(std::filesystem::directory_iterator("/proc/self/task"));
  };
  run([&](Yield yield) {
    const auto before = threads();
    const auto due = Clock::now() + 200ms;  // after the start of the thread, also on a busy machine
    start(yield.scheduler(), [&](Yield other) {
      ASSERT_FALSE(sleep_until(other, due - 1ms));
      wait_for_the_thread();
      while (threads() > before)
        std::this_thread::sleep_for(1ms);
    });
    start(yield.scheduler(), [&](Yield) { std::this_thread::sleep_until(due + 1ms); });
    const TimeLimit limit(yield, due - Clock::now());
    EXPECT_TRUE(resolve(yield, slow, "").has_value());
    EXPECT_TRUE(limit.expired());
  });
}

TEST_F(Resolve, IsCancelledEvenIfThereIsAnAnswer) {
  run([this](Yield yield) {
    const Task task = start(yield.scheduler(), [](Yield inside) {
      EXPECT_EQ(resolve(inside, slow, "").error(), aborted);
    });
    yield.now();
    wait_for_the_thread();
    task.cancel();
    EXPECT_EQ(task.join(yield), error_code());
  });
}

TEST_F(Resolve, ASchedulerMayBeDestroyedMeanwhile) {
  {
    Scheduler scheduler;
    start(scheduler, [](Yield yield) { static_cast<void>(resolve(yield, slow, "")); });
    start(scheduler, [](Yield) { throw 0; });
    scheduler.on_exception([](const char*, const std::exception_ptr&) { throw 0; });
    EXPECT_THROW(scheduler.run(), int);
  }
  wait_for_the_thread();
}

}  // namespace
}  // namespace coro

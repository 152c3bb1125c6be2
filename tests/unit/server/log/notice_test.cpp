#include "server/log/notice.hpp"

#include <gmock/gmock.h>

#include <cstddef>
#include <exception>
#include <functional>
#include <string>
#include <vector>

#include "tests/unit/server/pipe.hpp"

namespace server {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::EndsWith;

class NoticeTest : public testing::Test {
 protected:
  void run(const std::function<void(coro::Yield)>& body) {
    scheduler_.on_exception([](const char* name, const std::exception_ptr&) {
      ADD_FAILURE() << "an exception left coroutine '" << name << "'";
    });
    ASSERT_TRUE(scheduler_.spawn("test", body).has_value());
    scheduler_.run();
  }

  std::vector<std::string> logged() {
    log_.flush();
    return lines_of(pipe_.read());
  }

  Pipe pipe_;
  EventLog log_{pipe_.writer()};
  // Pipe::read() has a large buffer on the stack.
  coro::Scheduler scheduler_{{.stacks = {.stack_size = std::size_t{256} * 1024}}};
  Notice notice_{scheduler_, log_, "full", "full"};
};

TEST_F(NoticeTest, IsSaidAtOnceTheFirstTime) {
  run([this](coro::Yield) {
    notice_.happened();
    EXPECT_THAT(logged(), ElementsAre(EndsWith(" warning full")));
    notice_.close();
  });
}

TEST_F(NoticeTest, IsSaidOnlyOnceHoweverOftenItHappens) {
  run([this](coro::Yield) {
    for (int times = 0; times < 1000; ++times)
      notice_.happened();
    EXPECT_THAT(logged(), ElementsAre(EndsWith(" warning full")));
    notice_.close();
  });
}

TEST_F(NoticeTest, SaysAfterASecondHowOftenItHappenedSince) {
  run([this](coro::Yield yield) {
    const auto start = coro::Clock::now();
    for (int times = 0; times < 18; ++times)
      notice_.happened();
    EXPECT_THAT(logged(), ElementsAre(EndsWith(" warning full")));
    std::vector<std::string> later;
    while ((later = logged()).empty()) {
      ASSERT_FALSE(coro::sleep_for(yield, 5ms));
    }
    EXPECT_GE(coro::Clock::now() - start, 1s);
    EXPECT_THAT(later, ElementsAre(EndsWith(" warning full (17 times in the last second)")));
    notice_.close();
  });
}

TEST_F(NoticeTest, IsNotRepeatedWhenNothingHappenedSince) {
  run([this](coro::Yield) { notice_.happened(); });  // returns when the sayer has ended
  EXPECT_THAT(logged(), ElementsAre(EndsWith(" warning full")));
}

TEST_F(NoticeTest, SaysWhatIsLeftWhenItCloses) {
  run([this](coro::Yield yield) {
    notice_.happened();
    notice_.happened();
    ASSERT_FALSE(coro::sleep_for(yield, 1ms));  // the sayer sleeps
    static_cast<void>(logged());
    notice_.close();
  });
  EXPECT_THAT(logged(), ElementsAre(EndsWith(" warning full (1 times in the last second)")));
}

TEST_F(NoticeTest, LeavesNothingToRunWhenItCloses) {
  const auto start = coro::Clock::now();
  run([this](coro::Yield) {
    notice_.happened();
    notice_.close();
  });
  EXPECT_LT(coro::Clock::now() - start, 1s);
  EXPECT_EQ(scheduler_.counters().alive, 0U);
}

}  // namespace
}  // namespace server

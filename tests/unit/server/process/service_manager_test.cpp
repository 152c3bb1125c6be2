#include "server/process/service_manager.hpp"

#include <gmock/gmock.h>

#include <ctime>
#include <exception>
#include <functional>
#include <string>
#include <vector>

#include "server/status/status.hpp"
#include "tests/temporary_directory.hpp"
#include "tests/unit/server/notify_receiver.hpp"
#include "tests/unit/server/pipe.hpp"

namespace server {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::HasSubstr;

constexpr auto status_period = 50ms;

class ServiceManagerTest : public testing::Test {
 protected:
  // A service manager that listens at `address`, and the coroutine of a service that talks to it.
  void run(const ServiceEnvironment& environment,
           const std::function<void(ServiceManager&, coro::Yield)>& body) {
    scheduler_.on_exception([](const char* name, const std::exception_ptr&) {
      ADD_FAILURE() << "an exception left coroutine '" << name << "'";
    });
    ServiceManager manager(
        scheduler_, log_, environment, [this] { return to_short_line(status()); }, status_period);
    ASSERT_TRUE(scheduler_
                    .spawn("test",
                           [&](coro::Yield yield) {
                             body(manager, yield);
                             manager.close();
                           })
                    .has_value());
    scheduler_.run();
    EXPECT_EQ(scheduler_.counters().alive, 0U);
  }

  Status status() const {
    return {
        .statistics = statistics_, .scheduler_lag = lag_, .history = history_, .coroutines = {}};
  }

  std::vector<std::string> logged() {
    log_.flush();
    return lines_of(pipe_.read());
  }

  // The next message, while coroutines go on.
  std::string next(coro::Yield yield) {
    for (const auto deadline = coro::Clock::now() + 30s; coro::Clock::now() < deadline;) {
      if (const auto message = receiver_.receive()) return *message;
      EXPECT_FALSE(coro::sleep_for(yield, 5ms));
    }
    return "none";
  }

  TemporaryDirectory directory_;
  NotifyReceiver receiver_{directory_ / "notify"};
  ServiceEnvironment environment_{.notify_socket = directory_ / "notify"};
  Statistics statistics_;
  program::Histogram lag_;
  History history_;
  Pipe pipe_;
  EventLog log_{pipe_.writer()};
  coro::Scheduler scheduler_{{.stacks = {.stack_size = std::size_t{256} * 1024}}};
};

constexpr const char* nothing_yet =
    "0 active, 0 accepted, 0 refused, 0 bytes in, 0 bytes out, 0 log lines dropped";

TEST_F(ServiceManagerTest, HearsEachStateWithTheFigures) {
  run(environment_, [this](ServiceManager& manager, coro::Yield) {
    manager.start();
    EXPECT_EQ(std::nullopt, receiver_.receive());  // nothing listens yet
    manager.ready();
    EXPECT_EQ("READY=1\nSTATUS=" + std::string(nothing_yet), receiver_.receive());
    manager.reloading();
    EXPECT_THAT(receiver_.receive().value(), testing::StartsWith("RELOADING=1\nMONOTONIC_USEC="));
    manager.reloaded();
    EXPECT_EQ("READY=1\nSTATUS=" + std::string(nothing_yet), receiver_.receive());
    manager.stopping(10s);
    EXPECT_EQ(
        "STOPPING=1\nEXTEND_TIMEOUT_USEC=15000000\nSTATUS=draining: " + std::string(nothing_yet),
        receiver_.receive());
  });
}

TEST_F(ServiceManagerTest, HearsWhenTheReloadBegan) {
  run(environment_, [this](ServiceManager& manager, coro::Yield) {
    const auto now = [] {
      timespec time{};
      ::clock_gettime(CLOCK_MONOTONIC, &time);
      return time.tv_sec * 1'000'000 + time.tv_nsec / 1000;
    };
    const auto before = now();
    manager.reloading();
    const auto told = std::stoll(value_of(receiver_.receive().value(), "MONOTONIC_USEC"));
    EXPECT_LE(before, told);
    EXPECT_LE(told, now());
  });
}

TEST_F(ServiceManagerTest, HearsOfAFailedReloadUntilOneSucceeds) {
  run(environment_, [this](ServiceManager& manager, coro::Yield yield) {
    manager.ready();
    receiver_.receive();
    manager.not_reloaded("a.yaml:3: key 'port': wrong");
    const std::string figures = nothing_yet;
    EXPECT_EQ("READY=1\nSTATUS=not reloaded: a.yaml:3: key 'port': wrong; " + figures,
              receiver_.receive());
    ++statistics_.accepted;
    EXPECT_THAT(next(yield), HasSubstr("STATUS=not reloaded: a.yaml:3: key 'port': wrong; 0 "));
    manager.reloaded();
    EXPECT_THAT(receiver_.receive().value(), HasSubstr("STATUS=0 active, 1 accepted"));
  });
}

TEST_F(ServiceManagerTest, HearsWhyTheOldProgramGoesOn) {
  run(environment_, [this](ServiceManager& manager, coro::Yield) {
    manager.ready();
    receiver_.receive();
    manager.reloading();
    receiver_.receive();
    manager.not_upgraded("it ended by signal 11");
    EXPECT_EQ("READY=1\nSTATUS=not upgraded: it ended by signal 11; " + std::string(nothing_yet),
              receiver_.receive());
    manager.reloaded();
    EXPECT_EQ("READY=1\nSTATUS=" + std::string(nothing_yet), receiver_.receive());
  });
}

TEST_F(ServiceManagerTest, HearsNewFiguresOnlyWhenTheyHaveChanged) {
  run(environment_, [this](ServiceManager& manager, coro::Yield yield) {
    manager.ready();
    receiver_.receive();
    statistics_.active = 2;
    EXPECT_THAT(next(yield), testing::StartsWith("STATUS=2 active"));
    ASSERT_FALSE(coro::sleep_for(yield, 4 * status_period));
    EXPECT_EQ(std::nullopt, receiver_.receive());
  });
}

TEST_F(ServiceManagerTest, HearsWhyTheServiceCannotStart) {
  run(environment_, [this](ServiceManager& manager, coro::Yield) {
    manager.failed("cannot listen\nREADY=1");
    EXPECT_EQ("STATUS=cannot listen READY=1", receiver_.receive());
  });
}

TEST_F(ServiceManagerTest, WatchdogIsFedTwiceAPeriod) {
  environment_.watchdog = 100ms;
  run(environment_, [this](ServiceManager& manager, coro::Yield yield) {
    manager.start();
    const auto start = coro::Clock::now();
    for (int times = 0; times < 5; ++times)
      EXPECT_EQ("WATCHDOG=1", next(yield));
    EXPECT_GE(coro::Clock::now() - start, 200ms);  // the first comes at once, then each 50 ms
  });
}

TEST_F(ServiceManagerTest, WatchdogIsFedOnceMoreOnDemand) {
  environment_.watchdog = 1h;
  run(environment_, [this](ServiceManager& manager, coro::Yield) {
    manager.feed_watchdog();
    EXPECT_EQ("WATCHDOG=1", receiver_.receive());
  });
  environment_.watchdog = 0ms;
  run(environment_, [this](ServiceManager& manager, coro::Yield) {
    manager.feed_watchdog();
    EXPECT_EQ(std::nullopt, receiver_.receive());
  });
}

TEST_F(ServiceManagerTest, AStateThatFindsTheQueueFullIsToldLater) {
  run(environment_, [this](ServiceManager& manager, coro::Yield yield) {
    NotifySocket stranger(environment_.notify_socket);
    while (!stranger.send("STATUS=of another service")) {
    }
    manager.ready();
    std::string message;
    while ((message = next(yield)) == "STATUS=of another service") {
    }
    EXPECT_EQ("READY=1\nSTATUS=" + std::string(nothing_yet), message);
  });
  EXPECT_THAT(logged(), ElementsAre());
}

TEST_F(ServiceManagerTest, OneThatDoesNotListenCostsOneWarning) {
  run({.notify_socket = directory_ / "nobody", .watchdog = 1ms},
      [](ServiceManager& manager, coro::Yield yield) {
        manager.start();
        manager.ready();
        manager.reloading();
        manager.reloaded();
        EXPECT_FALSE(coro::sleep_for(yield, 20ms));
        manager.stopping(1s);
      });
  EXPECT_THAT(logged(), ElementsAre(testing::EndsWith(
                            "warning NOTIFY_SOCKET: cannot tell the service manager: No such file "
                            "or directory")));
}

TEST_F(ServiceManagerTest, WithoutOneNothingIsSaid) {
  run({.watchdog = 1ms}, [](ServiceManager& manager, coro::Yield) {
    manager.start();
    manager.ready();
    manager.reloading();
    manager.not_reloaded("error");
    manager.not_upgraded("error");
    manager.feed_watchdog();
    manager.failed("error");
    manager.stopping(1s);
  });
  EXPECT_THAT(logged(), ElementsAre());
  EXPECT_EQ(std::nullopt, receiver_.receive());
}

}  // namespace
}  // namespace server

#include "coro/readiness.hpp"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <unistd.h>

#include <array>
#include <filesystem>
#include <fstream>
#include <optional>
#include <thread>
#include <vector>

#include "coro/condition.hpp"
#include "coro/descriptor.hpp"
#include "coro/time_limit.hpp"
#include "tests/unit/coro/test_support.hpp"

namespace coro {
namespace {

using testing::ElementsAre;

// Two connected Unix sockets without objects of Asio.
struct BarePair {
  BarePair() {
    std::array<int, 2> ends{};
    if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, ends.data()) != 0) std::abort();
    near = Descriptor(ends[0]);
    far = Descriptor(ends[1]);
  }
  void send(const char* text) const {
    EXPECT_EQ(::write(far.number(), text, std::strlen(text)),
              static_cast<ssize_t>(std::strlen(text)));
  }
  void read_all() const {
    std::array<char, 4096> bytes{};
    while (::read(near.number(), bytes.data(), bytes.size()) > 0) {
    }
  }
  // Until the kernel has no room for more.
  void fill() const {
    const std::array<char, 4096> bytes{};
    while (::write(near.number(), bytes.data(), bytes.size()) > 0) {
    }
  }
  void drain() const {
    std::array<char, 4096> bytes{};
    while (::recv(far.number(), bytes.data(), bytes.size(), MSG_DONTWAIT) > 0) {
    }
  }
  Descriptor near;
  Descriptor far;
};

// The events for which an epoll instance of this process watches `descriptor`; 0 if none does. From
// /proc/self/fdinfo, proc(5).
unsigned watched_for(int descriptor) {
  for (const auto& entry : std::filesystem::directory_iterator("/proc/self/fdinfo")) {
    std::ifstream lines(entry.path());
    for (std::string word; lines >> word;) {
      if (word != "tfd:") continue;
      int number = -1;
      unsigned events = 0;
      lines >> number >> word >> std::hex >> events >> std::dec;
      if (number == descriptor) return events;
    }
  }
  return 0;
}

constexpr unsigned in_and_out = EPOLLIN | EPOLLOUT;

// A coroutine that waits so is unwound by the destructor of its scheduler.
void expect_end_with_the_scheduler(error_code (Readiness::*wait)(Yield)) {
  const BarePair pair;
  Events events;
  {
    Scheduler scheduler;
    start(scheduler, [&](Yield yield) {
      const Witness witness(events, "unwound");
      Readiness readiness(yield.scheduler(), pair.near.number());
      static_cast<void>((readiness.*wait)(yield));
    });
    start(scheduler, [](Yield) { throw std::runtime_error("leave run()"); });
    scheduler.on_exception(
        [](const char*, const std::exception_ptr& failure) { std::rethrow_exception(failure); });
    EXPECT_THROW(scheduler.run(), std::runtime_error);
  }
  EXPECT_THAT(events, ElementsAre("unwound"));
}

TEST(Readiness, WakesWhoWaitsToReadWhenSomethingComes) {
  run([](Yield yield) {
    const BarePair pair;
    Events events;
    start(yield.scheduler(), [&](Yield inside) {
      Readiness readiness(inside.scheduler(), pair.near.number());
      EXPECT_FALSE(readiness.wait_readable(inside));
      events.emplace_back("readable");
    });
    EXPECT_FALSE(sleep_for(yield, 1ms));
    EXPECT_TRUE(events.empty());
    pair.send("x");
    EXPECT_FALSE(sleep_for(yield, 1ms));
    EXPECT_THAT(events, ElementsAre("readable"));
  });
}

TEST(Readiness, WakesAgainForWhatWasLeftUnread) {
  run([](Yield yield) {
    const BarePair pair;
    Readiness readiness(yield.scheduler(), pair.near.number());
    pair.send("x");
    for (int i = 0; i < 3; ++i)
      EXPECT_FALSE(readiness.wait_readable(yield));
  });
}

TEST(Readiness, WakesWhoWaitsToWriteWhenThereIsRoom) {
  run([](Yield yield) {
    const BarePair pair;
    Readiness readiness(yield.scheduler(), pair.near.number());
    EXPECT_FALSE(readiness.wait_writable(yield));
    pair.fill();
    {
      const TimeLimit limit(yield, 1ms);
      EXPECT_EQ(readiness.wait_writable(yield), aborted);
    }
    pair.drain();
    EXPECT_FALSE(readiness.wait_writable(yield));
  });
}

TEST(Readiness, TwoCoroutinesWaitForTheTwoDirections) {
  run([](Yield yield) {
    const BarePair pair;
    Events events;
    Readiness readiness(yield.scheduler(), pair.near.number());
    pair.fill();
    const Task reader = start(yield.scheduler(), [&](Yield inside) {
      EXPECT_FALSE(readiness.wait_readable(inside));
      events.emplace_back("readable");
    });
    const Task writer = start(yield.scheduler(), [&](Yield inside) {
      EXPECT_FALSE(readiness.wait_writable(inside));
      events.emplace_back("writable");
    });
    yield.now();
    pair.drain();
    EXPECT_FALSE(writer.join(yield));
    EXPECT_THAT(events, ElementsAre("writable"));
    pair.send("x");
    EXPECT_FALSE(reader.join(yield));
    EXPECT_THAT(events, ElementsAre("writable", "readable"));
  });
}

TEST(Readiness, WhoReadsIsWokenWhileAnotherWaitsForRoom) {
  run([](Yield yield) {
    const BarePair pair;
    Readiness readiness(yield.scheduler(), pair.near.number());
    pair.fill();
    const Task reader = start(yield.scheduler(),
                              [&](Yield inside) { EXPECT_FALSE(readiness.wait_readable(inside)); });
    const Task writer = start(yield.scheduler(), [&](Yield inside) {
      EXPECT_EQ(readiness.wait_writable(inside), aborted);
    });
    yield.now();
    pair.send("x");
    {
      const TimeLimit limit(yield, 10s);
      EXPECT_FALSE(reader.join(yield));
    }
    reader.cancel();
    writer.cancel();
    EXPECT_FALSE(writer.join(yield));
  });
}

TEST(Readiness, TheEndOfTheOtherSideWakesBothDirections) {
  run([](Yield yield) {
    BarePair pair;
    Readiness readiness(yield.scheduler(), pair.near.number());
    pair.fill();
    const auto wait_to_write = [&](Yield inside) { EXPECT_FALSE(readiness.wait_writable(inside)); };
    const Task writer = start(yield.scheduler(), wait_to_write);
    yield.now();
    pair.far.close();
    EXPECT_FALSE(readiness.wait_readable(yield));
    EXPECT_FALSE(writer.join(yield));
  });
}

// For a pipe the kernel reports that as EPOLLHUP without EPOLLIN.
TEST(Readiness, TheEndOfAPipeWakesWhoReads) {
  run([](Yield yield) {
    std::array<int, 2> ends{};
    ASSERT_EQ(::pipe2(ends.data(), O_CLOEXEC), 0);
    const Descriptor reading(ends[0]);
    Descriptor(ends[1]).close();
    Readiness readiness(yield.scheduler(), reading.number());
    const TimeLimit limit(yield, 10s);
    EXPECT_FALSE(readiness.wait_readable(yield));
  });
}

TEST(Readiness, IsRegisteredOnceForManyWaits) {
  run([](Yield yield) {
    const BarePair pair;
    Readiness readiness(yield.scheduler(), pair.near.number());
    EXPECT_EQ(watched_for(pair.near.number()), 0U);
    for (int i = 0; i < 3; ++i) {
      pair.send("x");
      EXPECT_FALSE(readiness.wait_readable(yield));
      pair.read_all();
      EXPECT_EQ(watched_for(pair.near.number()) & in_and_out, unsigned{EPOLLIN});
    }
  });
}

TEST(Readiness, WhatNobodyWaitsForIsGivenUpWhenItHappens) {
  run([](Yield yield) {
    const BarePair pair;
    Readiness readiness(yield.scheduler(), pair.near.number());
    EXPECT_FALSE(readiness.wait_writable(yield));
    EXPECT_EQ(watched_for(pair.near.number()) & in_and_out, unsigned{EPOLLOUT});
    const Task reader = start(yield.scheduler(),
                              [&](Yield inside) { EXPECT_FALSE(readiness.wait_readable(inside)); });
    EXPECT_FALSE(sleep_for(yield, 1ms));
    EXPECT_EQ(watched_for(pair.near.number()) & in_and_out, unsigned{EPOLLIN});
    pair.send("x");
    EXPECT_FALSE(reader.join(yield));
  });
}

// Otherwise epoll would report them for ever, and the thread would spin.
TEST(Readiness, ABrokenConnectionThatNobodyWaitsForIsNotWatched) {
  run([](Yield yield) {
    BarePair pair;
    const BarePair other;
    Readiness readiness(yield.scheduler(), pair.near.number());
    EXPECT_FALSE(readiness.wait_writable(yield));
    pair.far.close();
    const Task watches_another = start(yield.scheduler(), [&](Yield inside) {
      Readiness quiet(inside.scheduler(), other.near.number());
      EXPECT_EQ(quiet.wait_readable(inside), aborted);
    });
    EXPECT_FALSE(sleep_for(yield, 1ms));
    EXPECT_EQ(watched_for(pair.near.number()), 0U);
    EXPECT_FALSE(readiness.wait_readable(yield)) << "watched again";
    watches_another.cancel();
  });
}

TEST(Readiness, CancellingEndsTheWait) {
  run([](Yield yield) {
    const BarePair pair;
    const Task task = start(yield.scheduler(), [&](Yield inside) {
      Readiness readiness(inside.scheduler(), pair.near.number());
      EXPECT_EQ(readiness.wait_readable(inside), aborted);
    });
    yield.now();
    task.cancel();
    EXPECT_FALSE(task.join(yield));
  });
}

TEST(Readiness, ACancellationBeforeTheWaitIsNotLost) {
  run([](Yield yield) {
    const BarePair pair;
    pair.send("x");
    const Task task = start(yield.scheduler(), [&](Yield inside) {
      Readiness readiness(inside.scheduler(), pair.near.number());
      EXPECT_EQ(readiness.wait_readable(inside), aborted) << "though there is something to read";
      EXPECT_FALSE(readiness.wait_readable(inside)) << "it is delivered once";
    });
    task.cancel();
    EXPECT_FALSE(task.join(yield));
  });
}

TEST(Readiness, ACancellationAfterTheWaitEndsWhatIsWaitedForThen) {
  run([](Yield yield) {
    const BarePair pair;
    pair.send("x");
    const Task task = start(yield.scheduler(), [&](Yield inside) {
      Readiness readiness(inside.scheduler(), pair.near.number());
      EXPECT_FALSE(readiness.wait_readable(inside));
      EXPECT_EQ(sleep_for(inside, 10s), aborted);
    });
    EXPECT_FALSE(sleep_for(yield, 1ms));
    task.cancel();
    const TimeLimit limit(yield, 1s);
    EXPECT_FALSE(task.join(yield));
  });
}

// Counts the calls, and wakes a coroutine.
struct CountingObserver final : Readiness::Observer {
  void became_readable() override {
    ++heard;
    changed.notify_all();
  }
  error_code wait_until_heard(int times, Yield yield) {
    return changed.wait(yield, [this, times] { return heard >= times; });
  }
  int heard = 0;
  Condition changed;
};

TEST(Readiness, AnObserverHearsAgainOfWhatIsLeftUnread) {
  run([](Yield yield) {
    const BarePair pair;
    CountingObserver observer;
    Readiness readiness(yield.scheduler(), pair.near.number());
    EXPECT_FALSE(readiness.observe_readable(&observer));
    EXPECT_FALSE(sleep_for(yield, 1ms));
    EXPECT_EQ(observer.heard, 0);
    pair.send("x");
    EXPECT_FALSE(observer.wait_until_heard(3, yield));
    pair.read_all();
    const int heard = observer.heard;
    EXPECT_FALSE(sleep_for(yield, 1ms));
    EXPECT_EQ(observer.heard, heard);
  });
}

TEST(Readiness, AnObserverHearsOfTheEndOfTheOtherSide) {
  run([](Yield yield) {
    BarePair pair;
    CountingObserver observer;
    Readiness readiness(yield.scheduler(), pair.near.number());
    EXPECT_FALSE(readiness.observe_readable(&observer));
    pair.far = Descriptor();
    EXPECT_FALSE(observer.wait_until_heard(1, yield));
  });
}

TEST(Readiness, WhoWaitsForRoomSharesADescriptorWithAnObserver) {
  run([](Yield yield) {
    const BarePair pair;
    CountingObserver observer;
    Readiness readiness(yield.scheduler(), pair.near.number());
    EXPECT_FALSE(readiness.observe_readable(&observer));
    pair.fill();
    const Task writer = start(yield.scheduler(),
                              [&](Yield inside) { EXPECT_FALSE(readiness.wait_writable(inside)); });
    yield.now();
    pair.send("x");
    EXPECT_FALSE(observer.wait_until_heard(1, yield));
    EXPECT_FALSE(writer.done());
    pair.read_all();
    pair.drain();
    EXPECT_FALSE(writer.join(yield));
    pair.send("y");
    EXPECT_FALSE(observer.wait_until_heard(observer.heard + 1, yield));
  });
}

TEST(Readiness, WhatIsNotObservedAnyMoreIsGivenUpWhenItHappens) {
  run([](Yield yield) {
    const BarePair pair;
    CountingObserver observer;
    Readiness readiness(yield.scheduler(), pair.near.number());
    EXPECT_FALSE(readiness.observe_readable(&observer));
    EXPECT_FALSE(readiness.observe_readable(nullptr));
    EXPECT_EQ(watched_for(pair.near.number()) & in_and_out, EPOLLIN);
    pair.send("x");
    EXPECT_FALSE(sleep_for(yield, 1ms));
    EXPECT_EQ(observer.heard, 0);
    EXPECT_EQ(watched_for(pair.near.number()) & in_and_out, 0U);
    EXPECT_FALSE(readiness.observe_readable(&observer));
    EXPECT_FALSE(observer.wait_until_heard(1, yield));
  });
}

TEST(Readiness, TheSchedulerGoesOnWhileSomethingIsObserved) {
  Scheduler scheduler;
  const BarePair pair;
  CountingObserver observer;
  std::optional<Readiness> readiness(std::in_place, scheduler, pair.near.number());
  EXPECT_FALSE(readiness->observe_readable(&observer));
  start(scheduler, [&](Yield yield) {
    EXPECT_FALSE(observer.wait_until_heard(1, yield));
    readiness.reset();
  });
  std::thread far([&] { pair.send("x"); });
  scheduler.run();
  far.join();
  EXPECT_EQ(observer.heard, 1);
}

TEST(Readiness, ARegularFileCannotBeObserved) {
  run([](Yield yield) {
    const Descriptor file(::open("/proc/self/exe", O_RDONLY | O_CLOEXEC));
    CountingObserver observer;
    Readiness readiness(yield.scheduler(), file.number());
    EXPECT_EQ(readiness.observe_readable(&observer), boost::system::errc::operation_not_permitted);
  });
}

TEST(Readiness, WhoWaitsUnregisteredIsWokenWithoutARegistration) {
  run([](Yield yield) {
    const BarePair pair;
    Readiness readiness(yield.scheduler(), pair.near.number());
    std::thread sender([&] {
      for (int i = 0; i < 3; ++i) {
        std::this_thread::sleep_for(1ms);
        pair.send("x");
      }
    });
    for (int received = 0; received < 3;) {
      const bool first = received == 0;  // the scheduler still looks for others then
      EXPECT_FALSE(readiness.wait_readable_unregistered(yield));
      EXPECT_EQ(readiness.registered(), first);
      EXPECT_EQ(watched_for(pair.near.number()) != 0, first);
      for (char byte = 0; ::read(pair.near.number(), &byte, 1) == 1; ++received) {
      }
    }
    sender.join();
    pair.send("x");
    EXPECT_FALSE(readiness.wait_readable(yield)) << "also registered";
    EXPECT_TRUE(readiness.registered());
  });
}

TEST(Readiness, WhatWaitsUnregisteredIsRegisteredWhenAnythingElseHappens) {
  run([](Yield yield) {
    const BarePair pair;
    const BarePair other;
    const Task waits = start(yield.scheduler(), [&](Yield inside) {
      Readiness readiness(inside.scheduler(), pair.near.number());
      EXPECT_FALSE(readiness.wait_readable_unregistered(inside));
      EXPECT_TRUE(readiness.registered());
    });
    yield.now();  // what happens before that one waits is not meant
    other.send("x");
    Readiness readiness(yield.scheduler(), other.near.number());
    EXPECT_FALSE(readiness.wait_readable(yield));
    EXPECT_EQ(watched_for(pair.near.number()) & in_and_out, unsigned{EPOLLIN});
    pair.send("x");
    EXPECT_FALSE(waits.join(yield));
  });
}

// After a coroutine that was ready alone the scheduler does not look for others: the next wait
// stays unregistered while it sleeps.
void take_a_byte(const BarePair& pair, Readiness& readiness, Yield yield) {
  pair.send("x");
  EXPECT_FALSE(readiness.wait_readable_unregistered(yield));
  char byte = 0;
  EXPECT_EQ(::read(pair.near.number(), &byte, 1), 1);
}

TEST(Readiness, ATimerExpiresWhileOneWaitsUnregistered) {
  run([](Yield yield) {
    const BarePair pair;
    Readiness readiness(yield.scheduler(), pair.near.number());
    take_a_byte(pair, readiness, yield);
    const TimeLimit limit(yield, 2ms);
    EXPECT_EQ(readiness.wait_readable_unregistered(yield), aborted);
  });
}

TEST(Readiness, WhoWaitsUnregisteredIsWokenWhileAsioHasAnOperationUnderWay) {
  run([](Yield yield) {
    const BarePair pair;
    Readiness readiness(yield.scheduler(), pair.near.number());
    take_a_byte(pair, readiness, yield);
    bool expired = false;
    AsioTimer timer(yield.executor(), 10s);
    timer.async_wait([&](error_code error) {
      if (!error) expired = true;
    });
    std::thread sender([&] {
      std::this_thread::sleep_for(2ms);
      pair.send("x");
    });
    EXPECT_FALSE(readiness.wait_readable_unregistered(yield));
    EXPECT_FALSE(expired);
    sender.join();
  });
}

TEST(Readiness, OnlyOneWaitsUnregisteredAtATime) {
  run([](Yield yield) {
    const std::array<BarePair, 2> pairs;
    std::vector<Task> tasks;
    for (const BarePair& pair : pairs)
      tasks.push_back(start(yield.scheduler(), [&](Yield inside) {
        Readiness readiness(inside.scheduler(), pair.near.number());
        EXPECT_FALSE(readiness.wait_readable_unregistered(inside));
      }));
    yield.now();
    for (const BarePair& pair : pairs)
      pair.send("x");
    for (Task& task : tasks)
      EXPECT_FALSE(task.join(yield));
  });
}

TEST(Readiness, WhoWaitsToWriteBesideAnUnregisteredWaitIsWoken) {
  run([](Yield yield) {
    const BarePair pair;
    pair.fill();
    Readiness readiness(yield.scheduler(), pair.near.number());
    const Task writes = start(yield.scheduler(), [&](Yield inside) {
      EXPECT_FALSE(readiness.wait_writable(inside));
      pair.drain();
      pair.send("x");
    });
    yield.now();
    start(yield.scheduler(), [&](Yield) { pair.drain(); });
    EXPECT_FALSE(readiness.wait_readable_unregistered(yield));
    EXPECT_FALSE(writes.join(yield));
  });
}

TEST(Readiness, CancellingEndsAnUnregisteredWait) {
  run([](Yield yield) {
    const BarePair pair;
    const Task task = start(yield.scheduler(), [&](Yield inside) {
      Readiness readiness(inside.scheduler(), pair.near.number());
      EXPECT_EQ(readiness.wait_readable_unregistered(inside), aborted);
      pair.send("x");
      EXPECT_FALSE(readiness.wait_readable_unregistered(inside)) << "it waits again";
    });
    yield.now();
    task.cancel();
    EXPECT_FALSE(task.join(yield));
  });
}

TEST(Readiness, ARegularFileIsReadyWithoutARegistration) {
  run([](Yield yield) {
    const Descriptor file(::open("/proc/self/exe", O_RDONLY | O_CLOEXEC));
    Readiness readiness(yield.scheduler(), file.number());
    EXPECT_FALSE(readiness.wait_readable_unregistered(yield));
  });
}

TEST(Readiness, DestroyingTheSchedulerEndsWhoStillWaitsUnregistered) {
  expect_end_with_the_scheduler(&Readiness::wait_readable_unregistered);
}

TEST(Readiness, ARegularFileIsAnError) {
  run([](Yield yield) {
    const Descriptor file(::open("/proc/self/exe", O_RDONLY | O_CLOEXEC));
    Readiness readiness(yield.scheduler(), file.number());
    EXPECT_EQ(readiness.wait_readable(yield), boost::system::errc::operation_not_permitted);
  });
}

TEST(Readiness, TheSchedulerEndsWhenNobodyWaitsAnyMore) {
  Scheduler scheduler;
  const BarePair pair;
  int rounds = 0;
  for (int i = 0; i < 2; ++i) {
    start(scheduler, [&](Yield yield) {
      Readiness readiness(yield.scheduler(), pair.near.number());
      const TimeLimit limit(yield, 1ms);
      EXPECT_EQ(readiness.wait_readable(yield), aborted);
      ++rounds;
    });
    scheduler.run();
  }
  EXPECT_EQ(rounds, 2);
}

TEST(Readiness, TheSchedulerEndsWhenTheLastLeavesWhileAsioWatchesForIt) {
  const BarePair pair;
  run([&](Yield yield) {
    const Task last = start(yield.scheduler(), [&pair](Yield other) {
      Readiness readiness(other.scheduler(), pair.near.number());
      EXPECT_EQ(readiness.wait_readable(other), aborted);
    });
    // An operation of Asio's, so that the scheduler sleeps there and not in its own epoll.
    AsioTimer timer(yield.executor(), 2ms);
    static_cast<void>(timer.async_wait(yield));
    last.cancel();
  });
}

TEST(Readiness, DestroyingTheSchedulerEndsWhoStillWaits) {
  expect_end_with_the_scheduler(&Readiness::wait_readable);
}

TEST(Readiness, TheSchedulerTellsHowManyAreReadyTogetherAndForgetsASmallerCrowdLater) {
  run([](Yield yield) {
    std::vector<BarePair> pairs(10);
    std::vector<std::size_t> crowds;
    const BarePair signal;
    for (const BarePair& pair : pairs) {
      start(yield.scheduler(), [&](Yield inside) {
        Readiness readiness(inside.scheduler(), pair.near.number());
        EXPECT_FALSE(readiness.wait_readable(inside));
        crowds.push_back(inside.scheduler().crowd());
      });
    }
    yield.now();
    for (const BarePair& pair : pairs)
      pair.send("x");
    Readiness alone(yield.scheduler(), signal.near.number());
    EXPECT_FALSE(sleep_for(yield, 1ms));
    EXPECT_THAT(crowds, testing::Each(10U));

    signal.send("x");
    EXPECT_FALSE(alone.wait_readable(yield));
    const std::size_t after_one_round = yield.scheduler().crowd();
    EXPECT_GT(after_one_round, 1U);
    EXPECT_LT(after_one_round, 10U);
    for (int round = 0; round < 50; ++round)
      EXPECT_FALSE(alone.wait_readable(yield));
    EXPECT_EQ(yield.scheduler().crowd(), 1U);
  });
}

// Two that answer each other for ever must not keep a timer from firing.
TEST(Readiness, SocketsThatAreAlwaysReadyStarveNoTimer) {
  run([](Yield yield) {
    const BarePair pair;
    pair.send("x");
    const Task busy = start(yield.scheduler(), [&](Yield inside) {
      Readiness readiness(inside.scheduler(), pair.near.number());
      while (!readiness.wait_readable(inside)) {
      }
    });
    EXPECT_FALSE(sleep_for(yield, 1ms));
    busy.cancel();
    EXPECT_FALSE(busy.join(yield));
  });
}

TEST(Readiness, ATimerThatIsAlwaysDueStarvesNoSocket) {
  run([](Yield yield) {
    const BarePair pair;
    const Task busy = start(yield.scheduler(), [&](Yield inside) {
      while (!sleep_for(inside, 0ms)) {
      }
    });
    Readiness readiness(yield.scheduler(), pair.near.number());
    pair.send("x");
    EXPECT_FALSE(readiness.wait_readable(yield));
    busy.cancel();
    EXPECT_FALSE(busy.join(yield));
  });
}

}  // namespace
}  // namespace coro

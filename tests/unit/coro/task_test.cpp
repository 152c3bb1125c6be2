#include "coro/task.hpp"

#include <gmock/gmock.h>

#include <boost/asio/buffer.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/read.hpp>
#include <functional>
#include <memory>
#include <stdexcept>

#include "coro/condition.hpp"
#include "tests/unit/coro/test_support.hpp"

namespace coro {
namespace {

using boost::asio::buffer;
using testing::ElementsAre;

TEST(Task, ADefaultOneIsDone) {
  const Task task;
  EXPECT_TRUE(task.done());
  task.cancel();
  run([task](Yield yield) { EXPECT_EQ(task.join(yield), error_code()); });
}

TEST(Task, IsDoneOnceItsFunctionHasEnded) {
  run([](Yield yield) {
    const Task task = start(yield.scheduler(), [](Yield other) { other.now(); });
    EXPECT_FALSE(task.done());
    yield.now();
    EXPECT_FALSE(task.done());
    yield.now();
    EXPECT_TRUE(task.done());
  });
}

TEST(Task, DoesNotReachTheNextFunctionOnTheSameStack) {
  run([](Yield yield) {
    Scheduler& scheduler = yield.scheduler();
    const Task old = start(scheduler, [](Yield) {});
    EXPECT_EQ(old.join(yield), error_code());
    const Task next =
        start(scheduler, [](Yield other) { EXPECT_EQ(sleep_for(other, 0ms), error_code()); });
    EXPECT_EQ(scheduler.counters().stacks, 2U) << "the stack was to be used again";
    EXPECT_TRUE(old.done());
    old.cancel();
    EXPECT_EQ(next.join(yield), error_code());
  });
}

// ---- join

TEST(Task, JoinWaitsForTheEnd) {
  run([](Yield yield) {
    Events events;
    const Task task = start(yield.scheduler(), [&](Yield other) {
      sleep_for(other, 1ms);
      events.emplace_back("ended");
    });
    EXPECT_EQ(task.join(yield), error_code());
    events.emplace_back("joined");
    EXPECT_THAT(events, ElementsAre("ended", "joined"));
  });
}

TEST(Task, ManyMayJoinOneInTheOrderTheyCame) {
  Events events;
  run([&](Yield yield) {
    const Task task = start(yield.scheduler(), [](Yield other) { sleep_for(other, 1ms); });
    for (const char* name : {"first", "second", "third"}) {
      start(yield.scheduler(), [&events, task, name](Yield other) {
        EXPECT_EQ(task.join(other), error_code());
        events.emplace_back(name);
      });
    }
  });
  EXPECT_THAT(events, ElementsAre("first", "second", "third"));
}

TEST(Task, JoinReturnsWhenAnExceptionEndedIt) {
  Scheduler scheduler;
  scheduler.on_exception([](const char*, const std::exception_ptr&) {});
  bool joined = false;
  const Task task = start(scheduler, [](Yield yield) {
    yield.now();
    throw std::runtime_error("out of luck");
  });
  start(scheduler, [&](Yield yield) {
    EXPECT_EQ(task.join(yield), error_code());
    joined = true;
  });
  scheduler.run();
  EXPECT_TRUE(joined);
}

TEST(Task, CancellingTheOneThatJoinsLeavesTheOtherAlone) {
  run([](Yield yield) {
    Condition go;
    const Task worker =
        start(yield.scheduler(), [&](Yield other) { EXPECT_EQ(go.wait(other), error_code()); });
    const Task joiner =
        start(yield.scheduler(), [&](Yield other) { EXPECT_EQ(worker.join(other), aborted); });
    yield.now();
    joiner.cancel();
    EXPECT_EQ(joiner.join(yield), error_code());
    EXPECT_FALSE(worker.done());
    go.notify_one();
    worker.join(yield);
  });
}

TEST(Task, WhoJoinsIsResumedEvenIfTheStackIsUsedAgainAtOnce) {
  run([](Yield yield) {
    Condition go;
    const Task first = start(yield.scheduler(), [&](Yield other) { go.wait(other); });
    start(yield.scheduler(), [&](Yield other) {
      go.notify_one();
      other.now();  // the first ends, and its stack goes to the next
      start(other.scheduler(), [](Yield next) { sleep_for(next, 1ms); });
    });
    EXPECT_EQ(first.join(yield), error_code());
  });
}

// ---- cancel

TEST(Task, CancelEndsTheOperationThatItWaitsIn) {
  run([](Yield yield) {
    SocketPair pair(yield.scheduler());
    const Task task = start(yield.scheduler(), [&](Yield other) {
      char byte = 0;
      const auto [error, size] = pair.near.async_read_some(buffer(&byte, 1), other);
      EXPECT_EQ(error, aborted);
    });
    yield.now();
    task.cancel();
    task.join(yield);
  });
}

TEST(Task, CancelEndsAComposedOperation) {
  run([](Yield yield) {
    SocketPair pair(yield.scheduler());
    const Task task = start(yield.scheduler(), [&](Yield other) {
      std::array<char, 8> text{};
      const auto [error, size] = boost::asio::async_read(pair.near, buffer(text), other);
      EXPECT_EQ(error, aborted);
      EXPECT_EQ(size, 3U) << "what had come before the cancellation is told";
    });
    pair.far.async_write_some(buffer("abc", 3), yield);
    sleep_for(yield, 1ms);
    task.cancel();
    task.join(yield);
  });
}

TEST(Task, CancelIsDeliveredExactlyOnce) {
  run([](Yield yield) {
    const Task task = start(yield.scheduler(), [](Yield other) {
      EXPECT_EQ(sleep_for(other, forever), aborted);
      EXPECT_EQ(sleep_for(other, 0ms), error_code());
    });
    yield.now();
    task.cancel();
    task.cancel();
    task.join(yield);
  });
}

TEST(Task, CancelIsDeliveredExactlyOnceToWhoWaitsForACondition) {
  run([](Yield yield) {
    Condition condition;
    const Task task = start(yield.scheduler(), [&condition](Yield other) {
      EXPECT_EQ(condition.wait(other), aborted);
      EXPECT_EQ(sleep_for(other, 0ms), error_code());
    });
    yield.now();
    task.cancel();
    task.cancel();
    task.join(yield);
  });
}

TEST(Task, EachCancelAfterADeliveryIsDelivered) {
  run([](Yield yield) {
    const Task task = start(yield.scheduler(), [](Yield other) {
      EXPECT_EQ(sleep_for(other, forever), aborted);
      EXPECT_EQ(sleep_for(other, forever), aborted);
    });
    for (int i = 0; i < 2; ++i) {
      sleep_for(yield, 1ms);
      task.cancel();
    }
    task.join(yield);
  });
}

TEST(Task, CancelBeforeItBeginsEndsItsFirstOperation) {
  run([](Yield yield) {
    bool ran = false;
    const Task task = start(yield.scheduler(), [&](Yield other) {
      ran = true;
      EXPECT_EQ(sleep_for(other, forever), aborted);
      EXPECT_EQ(sleep_for(other, 0ms), error_code());
    });
    task.cancel();
    task.join(yield);
    EXPECT_TRUE(ran);
  });
}

TEST(Task, CancelWhenTheOperationHasJustSucceededEndsTheNext) {
  run([](Yield yield) {
    SocketPair pair(yield.scheduler());
    const Task task = start(yield.scheduler(), [&](Yield other) {
      char byte = 0;
      const auto [error, size] = pair.near.async_read_some(buffer(&byte, 1), other);
      EXPECT_EQ(error, error_code());
      EXPECT_EQ(sleep_for(other, forever), aborted);
      EXPECT_EQ(sleep_for(other, 0ms), error_code());
    });
    pair.far.write_some(buffer("x", 1));
    yield.now();  // the read has taken the byte, and its completion is in the context's queue
    task.cancel();
    task.join(yield);
  });
}

TEST(Task, CancelReachesOneThatIsNeverShortOfWork) {
  run([](Yield yield) {
    SocketPair pair(yield.scheduler());
    const Task task = start(yield.scheduler(), [&](Yield other) {
      char byte = 'x';
      for (;;) {
        const auto [error, size] = pair.near.async_write_some(buffer(&byte, 1), other);
        if (error) return;
        pair.far.read_some(buffer(&byte, 1));
      }
    });
    sleep_for(yield, 1ms);
    task.cancel();
    EXPECT_EQ(task.join(yield), error_code());
  });
}

TEST(Task, CancelReachesOneThatAcceptsWithoutEnd) {
  run([](Yield yield) {
    TcpAcceptor acceptor(yield.executor(), {boost::asio::ip::address_v4::loopback(), 0});
    const Task task = start(yield.scheduler(), [&](Yield other) {
      const auto [error, socket] = acceptor.async_accept(other);
      EXPECT_EQ(error, aborted);
      EXPECT_FALSE(socket.is_open());
    });
    TcpSocket client(yield.executor());
    client.connect(acceptor.local_endpoint());
    task.cancel();
    task.join(yield);
  });
}

TEST(Task, ACancelledWriteHasSentNothing) {
  run([](Yield yield) {
    SocketPair pair(yield.scheduler());
    const Task task = start(yield.scheduler(), [&](Yield other) {
      const auto [error, size] = pair.near.async_write_some(buffer("x", 1), other);
      EXPECT_EQ(error, aborted);
      EXPECT_EQ(size, 0U);
    });
    task.cancel();
    task.join(yield);
    EXPECT_EQ(pair.far.available(), 0U);
  });
}

TEST(Task, CancelWaitsForAnOperationThatCannotBeCancelled) {
  run([](Yield yield) {
    const Task task = start(yield.scheduler(), [](Yield other) {
      boost::asio::post(other.scheduler().context(), other);
      EXPECT_EQ(sleep_for(other, forever), aborted);
    });
    yield.now();
    task.cancel();
    task.join(yield);
  });
}

// Asio leaves its handler, which refers to the socket, in the cancellation slot.
TEST(Task, CancelDoesNotReachBackToTheOperationBefore) {
  run([](Yield yield) {
    std::optional<detail::Completion<>> finish;
    const Task task = start(yield.scheduler(), [&finish](Yield other) {
      {
        const auto pair = std::make_unique<SocketPair>(other.scheduler());
        pair->far.write_some(buffer("x", 1));
        char byte = 0;
        pair->near.async_read_some(buffer(&byte, 1), other);
      }
      // An operation that cannot be cancelled.
      boost::asio::async_initiate<Yield, void()>(
          [&](auto handler) { finish.emplace(std::move(handler)); }, other);
      EXPECT_EQ(sleep_for(other, forever), aborted);
    });
    while (!finish)
      yield.now();
    task.cancel();
    (*finish)();
    EXPECT_EQ(task.join(yield), error_code());
  });
}

TEST(Task, OneMayCancelItself) {
  Scheduler scheduler;
  Task self;
  self = start(scheduler, [&self](Yield yield) {
    self.cancel();
    EXPECT_EQ(sleep_for(yield, forever), aborted);
    EXPECT_EQ(sleep_for(yield, 0ms), error_code());
  });
  scheduler.run();
  EXPECT_TRUE(self.done());
}

TEST(Task, CancelDoesNotRunTheOtherOnTheCallersStack) {
  run([](Yield yield) {
    Events events;
    const Task task = start(yield.scheduler(), [&](Yield other) {
      sleep_for(other, forever);
      events.emplace_back("cancelled");
    });
    sleep_for(yield, 1ms);
    task.cancel();
    events.emplace_back("cancel returned");
    task.join(yield);
    EXPECT_THAT(events, ElementsAre("cancel returned", "cancelled"));
  });
}

TEST(Task, ACancellationThatWasNeverDeliveredDoesNotReachTheNextFunction) {
  run([](Yield yield) {
    const Task task = start(yield.scheduler(), [](Yield) {});
    task.cancel();
    task.join(yield);
    const Task next = start(yield.scheduler(),
                            [](Yield other) { EXPECT_EQ(sleep_for(other, 0ms), error_code()); });
    next.join(yield);
  });
}

}  // namespace
}  // namespace coro

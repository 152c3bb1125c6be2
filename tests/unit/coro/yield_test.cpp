#include "coro/yield.hpp"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <unistd.h>

#include <array>
#include <boost/asio/basic_datagram_socket.hpp>
#include <boost/asio/connect.hpp>
#include <boost/asio/local/datagram_protocol.hpp>
#include <boost/asio/posix/basic_stream_descriptor.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/read_until.hpp>
#include <boost/asio/write.hpp>
#include <memory>
#include <stdexcept>
#include <string>
#include <tuple>
#include <type_traits>

#include "coro/condition.hpp"
#include "tests/temporary_directory.hpp"
#include "tests/unit/coro/test_support.hpp"

namespace coro {
namespace {

using boost::asio::buffer;
using testing::ElementsAre;

Tcp::endpoint loopback(std::uint16_t port = 0) {
  return {boost::asio::ip::address_v4::loopback(), port};
}

TEST(Yield, ReturnsTheValuesOfAnOperationAsATuple) {
  run([](Yield yield) {
    SocketPair pair(yield.scheduler());
    auto written = pair.near.async_write_some(buffer("echo", 4), yield);
    static_assert(std::is_same_v<decltype(written), std::tuple<error_code, std::size_t>>);
    EXPECT_EQ(written, std::tuple(error_code(), 4U));
    std::array<char, 16> text{};
    const auto [error, size] = pair.far.async_read_some(buffer(text), yield);
    EXPECT_EQ(error, error_code());
    EXPECT_EQ(std::string(text.data(), size), "echo");
  });
}

TEST(Yield, ReturnsErrorsAsValues) {
  run([](Yield yield) {
    SocketPair pair(yield.scheduler());
    pair.far.close();
    std::array<char, 16> text{};
    const auto [error, size] = pair.near.async_read_some(buffer(text), yield);
    EXPECT_EQ(error, boost::asio::error::eof);
    EXPECT_EQ(size, 0U);
  });
}

TEST(Yield, AcceptsAndConnectsOverTcp) {
  run([](Yield yield) {
    TcpAcceptor acceptor(yield.executor(), loopback());
    start(yield.scheduler(), [port = acceptor.local_endpoint().port()](Yield client) {
      TcpSocket socket(client.executor());
      const auto [error] = socket.async_connect(loopback(port), client);
      EXPECT_EQ(error, error_code());
      boost::asio::async_write(socket, buffer("hello", 5), client);
    });
    auto [error, socket] = acceptor.async_accept(yield);
    ASSERT_EQ(error, error_code());
    std::string text(5, ' ');
    boost::asio::async_read(socket, buffer(text), yield);
    EXPECT_EQ(text, "hello");
  });
}

TEST(Yield, AcceptsIntoAGivenSocketAndTellsThePeer) {
  run([](Yield yield) {
    TcpAcceptor acceptor(yield.executor(), loopback());
    TcpSocket client(yield.executor());
    client.connect(acceptor.local_endpoint());
    TcpSocket socket(yield.executor());
    Tcp::endpoint peer;
    const auto [error] = acceptor.async_accept(socket, peer, yield);
    EXPECT_EQ(error, error_code());
    EXPECT_EQ(peer, client.local_endpoint());
  });
}

TEST(Yield, AcceptsAndConnectsOverUnixSocketsThroughTheGenericTypes) {
  run([](Yield yield) {
    const TemporaryDirectory directory;
    const Endpoint endpoint{Local::endpoint(directory / "socket")};
    Acceptor acceptor(yield.executor(), endpoint);
    start(yield.scheduler(), [&endpoint](Yield client) {
      Socket socket(client.executor());
      const auto [error] = socket.async_connect(endpoint, client);
      EXPECT_EQ(error, error_code());
      boost::asio::async_write(socket, buffer("hello", 5), client);
    });
    auto [error, socket] = acceptor.async_accept(yield);
    ASSERT_EQ(error, error_code());
    std::string text(5, ' ');
    boost::asio::async_read(socket, buffer(text), yield);
    EXPECT_EQ(text, "hello");
  });
}

TEST(Yield, ResolvesANameAndConnectsToTheFirstAddressThatAnswers) {
  run([](Yield yield) {
    TcpAcceptor acceptor(yield.executor(), loopback());
    boost::asio::ip::basic_resolver<Tcp, Executor> resolver(yield.executor());
    const auto [resolve_error, addresses] = resolver.async_resolve(
        "127.0.0.1", std::to_string(acceptor.local_endpoint().port()), yield);
    ASSERT_EQ(resolve_error, error_code());
    TcpSocket socket(yield.executor());
    const auto [error, endpoint] = boost::asio::async_connect(socket, addresses, yield);
    EXPECT_EQ(error, error_code());
    EXPECT_EQ(endpoint, acceptor.local_endpoint());
  });
}

TEST(Yield, ReportsAConnectionThatIsRefused) {
  run([](Yield yield) {
    TcpAcceptor closed(yield.executor(), loopback());
    const Tcp::endpoint endpoint = closed.local_endpoint();
    closed.close();
    TcpSocket socket(yield.executor());
    const auto [error] = socket.async_connect(endpoint, yield);
    EXPECT_EQ(error, boost::asio::error::connection_refused);
  });
}

TEST(Yield, WaitsForReadinessAndThenReadsWithoutBlocking) {
  run([](Yield yield) {
    SocketPair pair(yield.scheduler());
    pair.near.non_blocking(true);
    start(yield.scheduler(),
          [&pair](Yield other) { pair.far.async_write_some(buffer("x", 1), other); });
    const auto [error] = pair.near.async_wait(LocalSocket::wait_read, yield);
    EXPECT_EQ(error, error_code());
    char byte = 0;
    EXPECT_EQ(pair.near.read_some(buffer(&byte, 1)), 1U);
    EXPECT_EQ(byte, 'x');
  });
}

TEST(Yield, WaitsForATimer) {
  run([](Yield yield) {
    const auto before = Clock::now();
    AsioTimer timer(yield.executor(), 2ms);
    const auto [error] = timer.async_wait(yield);
    EXPECT_EQ(error, error_code());
    EXPECT_GE(Clock::now() - before, 2ms);
  });
}

TEST(Yield, WaitsForASignal) {
  run([](Yield yield) {
    boost::asio::basic_signal_set<Executor> signals(yield.executor(), SIGUSR1);
    start(yield.scheduler(), [](Yield) { std::raise(SIGUSR1); });
    const auto [error, signal] = signals.async_wait(yield);
    EXPECT_EQ(error, error_code());
    EXPECT_EQ(signal, SIGUSR1);
  });
}

TEST(Yield, ReadsAndWritesDescriptors) {
  run([](Yield yield) {
    std::array<int, 2> ends{};
    ASSERT_EQ(::pipe2(ends.data(), O_CLOEXEC), 0);
    using Descriptor = boost::asio::posix::basic_stream_descriptor<Executor>;
    Descriptor reader(yield.executor(), ends[0]);
    Descriptor writer(yield.executor(), ends[1]);
    start(yield.scheduler(), [&writer](Yield other) {
      boost::asio::async_write(writer, buffer("line\nrest", 9), other);
    });
    std::string text;
    const auto [error, size] =
        boost::asio::async_read_until(reader, boost::asio::dynamic_buffer(text), '\n', yield);
    EXPECT_EQ(error, error_code());
    EXPECT_EQ(text.substr(0, size), "line\n");
  });
}

TEST(Yield, SendsAndReceivesDatagrams) {
  run([](Yield yield) {
    using Datagram = boost::asio::local::datagram_protocol;
    using DatagramSocket = boost::asio::basic_datagram_socket<Datagram, Executor>;
    DatagramSocket near(yield.executor());
    DatagramSocket far(yield.executor());
    boost::asio::local::connect_pair(near, far);
    const auto [send_error, sent] = near.async_send(buffer("ready", 5), yield);
    EXPECT_EQ(sent, 5U);
    std::array<char, 16> text{};
    const auto [error, size] = far.async_receive(buffer(text), yield);
    EXPECT_EQ(std::string(text.data(), size), "ready");
  });
}

TEST(Yield, ComposedOperationsMoveEveryByte) {
  run([](Yield yield) {
    SocketPair pair(yield.scheduler());
    std::string sent(std::size_t{4} << 20U, '\0');
    for (std::size_t i = 0; i < sent.size(); ++i)
      sent[i] = static_cast<char>(i % 251);
    const Task sender = start(yield.scheduler(), [&](Yield writer) {
      const auto [error, size] = boost::asio::async_write(pair.far, buffer(sent), writer);
      EXPECT_EQ(error, error_code());
      EXPECT_EQ(size, sent.size());
      pair.far.close();
    });
    std::string received(sent.size(), '\0');
    const auto [error, size] = boost::asio::async_read(pair.near, buffer(received), yield);
    EXPECT_EQ(error, error_code());
    EXPECT_EQ(size, sent.size());
    EXPECT_TRUE(received == sent);
    sender.join(yield);
  });
}

TEST(Yield, TakesOperationsWithoutAnError) {
  run([](Yield yield) {
    const auto nothing = boost::asio::post(yield.scheduler().context(), yield);
    static_assert(std::is_same_v<decltype(nothing), const std::tuple<>>);
  });
}

// An operation of one's own, which ends while it is being started.
template <typename... Values>
std::tuple<Values...> ends_at_once(Yield yield, Values... values) {
  return boost::asio::async_initiate<Yield, void(Values...)>(
      [&](auto handler) { handler(std::move(values)...); }, yield);
}

TEST(Yield, AnOperationMayEndWithinItsInitiation) {
  run([](Yield yield) {
    auto [error, number] = ends_at_once(yield, error_code(), std::make_unique<int>(42));
    EXPECT_EQ(error, error_code());
    EXPECT_EQ(*number, 42);
  });
}

TEST(Yield, AnOperationThatEndsAtOnceDoesNotNestCoroutines) {
  run([](Yield yield) {
    Events events;
    start(yield.scheduler(), [&events](Yield) { events.emplace_back("other"); });
    ends_at_once(yield, 1);
    events.emplace_back("after");
    EXPECT_THAT(events, ElementsAre("other", "after"));
  });
}

TEST(Yield, StartsAnOperationOnlyAfterTheCoroutineHasSuspended) {
  run([](Yield yield) {
    bool inside = true;
    boost::asio::async_initiate<Yield, void()>(
        [&](auto handler) {
          int here = 0;
          const auto distance =
              reinterpret_cast<std::intptr_t>(&here) - reinterpret_cast<std::intptr_t>(&inside);
          inside = std::abs(distance) < 1 << 20;  // a stack away is far away
          handler();
        },
        yield);
    EXPECT_FALSE(inside);
  });
}

TEST(Yield, WhatAnInitiationThrowsReachesTheCoroutine) {
  run([](Yield yield) {
    bool caught = false;
    try {
      boost::asio::async_initiate<Yield, void()>(
          [](auto) { throw std::runtime_error("out of luck"); }, yield);
    } catch (const std::runtime_error& error) {
      caught = std::string("out of luck") == error.what();
    }
    EXPECT_TRUE(caught);
    EXPECT_EQ(sleep_for(yield, 0ms), error_code());
  });
}

TEST(Yield, NowLetsEverythingElseThatIsReadyGoFirst) {
  run([](Yield yield) {
    Events events;
    for (const char* name : {"first", "second"})
      start(yield.scheduler(), [&events, name](Yield) { events.emplace_back(name); });
    yield.now();
    events.emplace_back("after");
    EXPECT_THAT(events, ElementsAre("first", "second", "after"));
  });
}

TEST(Yield, TellsThatItWasCancelledWhenItsLastWaitHadJustSucceeded) {
  run([](Yield yield) {
    Condition condition;
    const Task task = start(yield.scheduler(), [&](Yield inside) {
      EXPECT_FALSE(inside.is_cancelled());
      EXPECT_FALSE(condition.wait(inside));
      EXPECT_TRUE(inside.is_cancelled());
      EXPECT_EQ(sleep_for(inside, forever), aborted);
      EXPECT_FALSE(inside.is_cancelled());
    });
    yield.now();
    condition.notify_one();
    task.cancel();
    EXPECT_FALSE(task.join(yield));
  });
}

TEST(Yield, GivesAHandleToItsOwnCoroutine) {
  run([](Yield yield) {
    Task self;
    const Task task = start(yield.scheduler(), [&](Yield inside) {
      self = inside.task();
      EXPECT_EQ(sleep_for(inside, forever), aborted);
    });
    yield.now();
    EXPECT_FALSE(self.done());
    self.cancel();
    EXPECT_FALSE(task.join(yield));
    EXPECT_TRUE(self.done());
  });
}

TEST(Yield, SleepsAtLeastAsLongAsAsked) {
  run([](Yield yield) {
    const auto before = Clock::now();
    EXPECT_EQ(sleep_for(yield, 3ms), error_code());
    EXPECT_GE(Clock::now() - before, 3ms);
  });
}

TEST(Yield, IsAPointer) {
  static_assert(sizeof(Yield) == sizeof(void*));
  static_assert(std::is_trivially_copyable_v<Yield>);
}

#ifndef NDEBUG
TEST(YieldDeathTest, AssertsThatNoExceptionIsBeingHandled) {
  EXPECT_DEATH(run([](Yield yield) {
                 try {
                   throw std::runtime_error("out of luck");
                 } catch (const std::runtime_error&) {
                   sleep_for(yield, 0ms);
                 }
               }),
               "current_exception");
}

TEST(YieldDeathTest, AssertsThatItDoesNotSuspendInADestructorThatUnwinds) {
  EXPECT_DEATH(run([](Yield yield) {
                 const std::shared_ptr<void> sleeper(nullptr,
                                                     [yield](void*) { sleep_for(yield, 0ms); });
                 throw std::runtime_error("out of luck");
               }),
               "uncaught_exceptions");
}

TEST(YieldDeathTest, AssertsThatItIsUsedOnItsOwnStack) {
  EXPECT_DEATH(run([](Yield yield) {
                 start(yield.scheduler(), [yield](Yield) { yield.now(); });
                 sleep_for(yield, forever);
               }),
               "is_inside");
}
#endif

}  // namespace
}  // namespace coro

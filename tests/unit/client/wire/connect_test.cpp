#include "client/wire/connect.hpp"

#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <boost/asio/error.hpp>
#include <boost/asio/io_context.hpp>
#include <functional>
#include <vector>

#include "coro/scheduler.hpp"

namespace client {
namespace {

using boost::asio::ip::tcp;
using coro::Clock;
using coro::error_code;
using coro::Yield;
using namespace std::chrono_literals;
namespace error = boost::asio::error;

constexpr auto patience = 30s;

// Something that may accept on 127.0.0.1, or on another address of loopback.
struct Listener {
  explicit Listener(int backlog, const char* address = "127.0.0.1") {
    socket.open(tcp::v4());
    socket.bind({boost::asio::ip::make_address(address), 0});
    socket.listen(backlog);
  }
  tcp::endpoint endpoint() const { return socket.local_endpoint(); }

  boost::asio::io_context context;
  tcp::acceptor socket{context};
};

// Answers no SYN, as a host behind a firewall: its queue is full.
struct BlackHole {
  BlackHole() {
    for (int i = 0; i < 4; ++i) {
      auto& client = clients.emplace_back(listener.context, tcp::v4());
      client.native_non_blocking(true);
      const auto peer = endpoint();
      ::connect(client.native_handle(), peer.data(), static_cast<socklen_t>(peer.size()));
    }
  }
  tcp::endpoint endpoint() const { return listener.endpoint(); }

  Listener listener{0};
  std::vector<tcp::socket> clients;
};

tcp::endpoint refusing_endpoint() {
  return Listener(1).endpoint();  // it closes
}

void run(std::function<void(Yield)> body) {
  coro::Scheduler scheduler;
  scheduler.spawn("test", std::move(body)).value();
  scheduler.run();
  EXPECT_EQ(scheduler.counters().alive, 0U);
}

TEST(Connection, GoesToTheNextAddressSoonWhereOneDoesNotAnswer) {
  const BlackHole hole;
  const Listener listener(8);
  run([&](Yield yield) {
    const auto began = Clock::now();
    const auto connection =
        connect(yield, {}, {hole.endpoint(), listener.endpoint()}, 2 * patience);
    const auto took = Clock::now() - began;
    ASSERT_TRUE(connection);
    EXPECT_EQ((*connection)->facts().peer, listener.endpoint());
    EXPECT_GE(took, 250ms);
    EXPECT_LT(took, patience) << "half of the limit";
    EXPECT_LT((*connection)->facts().connect_time, took - 200ms)
        << "that of the address which answered";
  });
}

TEST(Connection, GoesToTheNextAddressAtOnceWhereOneRefuses) {
  const Listener listener(8);
  run([&](Yield yield) {
    const auto connection =
        connect(yield, {}, {refusing_endpoint(), listener.endpoint()}, patience);
    ASSERT_TRUE(connection);
    EXPECT_EQ((*connection)->facts().peer, listener.endpoint());
  });
}

TEST(Connection, TakesTheFirstAddressWhereAllAnswer) {
  const Listener first(8);
  const Listener second(8);
  run([&](Yield yield) {
    EXPECT_EQ(
        connect(yield, {}, {first.endpoint(), second.endpoint()}, patience).value()->facts().peer,
        first.endpoint());
  });
}

// RFC 8305, section 4. The one that refuses shows the order without a wait.
TEST(Connection, TakesTheFamiliesInTurn) {
  boost::asio::io_context context;
  tcp::acceptor second(context);
  error_code no_ipv6;
  second.open(tcp::v6(), no_ipv6);
  if (!no_ipv6) second.bind({boost::asio::ip::address_v6::loopback(), 0}, no_ipv6);
  if (no_ipv6) GTEST_SKIP() << "no IPv6";
  second.listen(8);
  const Listener other_family(8);
  const tcp::endpoint refusing(boost::asio::ip::address_v6::loopback(), refusing_endpoint().port());
  run([&](Yield yield) {
    const Addresses addresses{refusing, second.local_endpoint(), other_family.endpoint()};
    EXPECT_EQ(connect(yield, {}, addresses, patience).value()->facts().peer,
              other_family.endpoint());
  });
}

TEST(Connection, TimesOutWhereNoAddressAnswersWithinTheLimitForAll) {
  const BlackHole one;
  const BlackHole other;
  run([&](Yield yield) {
    for (const auto& addresses :
         {Addresses{one.endpoint()}, Addresses{one.endpoint(), other.endpoint()},
          Addresses{refusing_endpoint(), one.endpoint()}}) {
      EXPECT_EQ(connect(yield, {}, addresses, 300ms).error(), error::timed_out);
    }
  });
}

TEST(Connection, IsRefusedWhereAllAddressesRefuse) {
  run([&](Yield yield) {
    EXPECT_EQ(connect(yield, {}, {refusing_endpoint(), refusing_endpoint()}, patience).error(),
              error::connection_refused);
  });
}

TEST(Connection, ReportsWhatTheNetworkAnsweredRatherThanWhatThisMachineLacks) {
  run([&](Yield yield) {
    const auto peer = refusing_endpoint();
    const tcp::endpoint peer_v6(boost::asio::ip::address_v6::loopback(), peer.port());
    if (connect(yield, {}, {peer_v6}, patience).error() != error::connection_refused)
      GTEST_SKIP() << "no IPv6";
    const auto foreign = boost::asio::ip::make_address("192.0.2.1");  // for IPv4 only
    EXPECT_EQ(connect(yield, {}, {peer}, patience, foreign).error(),
              boost::system::errc::address_not_available);
    EXPECT_EQ(connect(yield, {}, {peer_v6, peer}, patience, foreign).error(),
              error::connection_refused);
  });
}

TEST(Connection, StopsConnectingWhenItIsCancelled) {
  const BlackHole one;
  const BlackHole other;
  for (const auto& addresses :
       {Addresses{one.endpoint()}, Addresses{one.endpoint(), other.endpoint()}}) {
    run([&](Yield yield) {
      coro::error_code result;
      const auto task =
          yield.scheduler()
              .spawn("connect",
                     [&](Yield inner) { result = connect(inner, {}, addresses, 24h).error(); })
              .value();
      ASSERT_FALSE(coro::sleep_for(yield, 20ms));
      task.cancel();
      ASSERT_FALSE(task.join(yield));
      EXPECT_EQ(result, error::operation_aborted);
    });  // and no attempt is left
  }
}

TEST(Connection, IsMarkedWithTheServiceClass) {
  Listener listener(8);
  run([&](Yield yield) {
    Target target;
    target.dscp = 46;
    const auto connection = connect(yield, target, {listener.endpoint()}, patience);
    ASSERT_TRUE(connection);
    int field = 0;
    socklen_t size = sizeof field;
    ASSERT_EQ(::getsockopt((*connection)->descriptor(), IPPROTO_IP, IP_TOS, &field, &size), 0);
    EXPECT_EQ(field, 46 << 2);
  });
}

TEST(Connection, ComesFromTheSourceItIsGiven) {
  Listener listener(8);
  run([&](Yield yield) {
    const auto source = boost::asio::ip::make_address("127.9.8.7");
    const auto connection = connect(yield, {}, {listener.endpoint()}, patience, source);
    ASSERT_TRUE(connection);
    EXPECT_EQ(listener.socket.accept().remote_endpoint().address(), source);
  });
}

}  // namespace
}  // namespace client

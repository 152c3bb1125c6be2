#include "client/udp/datagram_socket.hpp"

#include <gtest/gtest.h>
#include <poll.h>
#include <sys/socket.h>

#include <array>
#include <boost/asio/buffer.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/udp.hpp>

#include "coro/descriptor.hpp"
#include "coro/scheduler.hpp"

namespace client {
namespace {

using boost::asio::ip::udp;

constexpr int patience = 30'000;  // ms

TEST(DatagramSocket, SendsAlsoAfterTheNetworkRefusedTheOneBefore) {
  boost::asio::io_context context;
  udp::socket service(context, {boost::asio::ip::address_v4::loopback(), 0});
  const auto endpoint = service.local_endpoint();
  service.close();
  coro::Scheduler scheduler;
  const auto socket =
      DatagramSocket::connect(scheduler, {}, {{endpoint.address(), endpoint.port()}}).value();
  EXPECT_FALSE(socket->try_send(boost::asio::buffer("one", 3)));
  pollfd refusal{.fd = socket->number(), .events = 0, .revents = 0};
  ASSERT_EQ(::poll(&refusal, 1, patience), 1);

  service.open(udp::v4());
  service.bind(endpoint);
  ASSERT_FALSE(socket->try_send(boost::asio::buffer("two", 3)));
  pollfd arrival{.fd = service.native_handle(), .events = POLLIN, .revents = 0};
  EXPECT_EQ(::poll(&arrival, 1, patience), 1);
}

// A round trip is that of the network, without the time in this machine's own queue.
TEST(DatagramSocket, CountsFromWhenTheKernelGotTheDatagram) {
  std::array<int, 2> ends{};
  ASSERT_EQ(::socketpair(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0, ends.data()), 0);
  const coro::Descriptor far(ends[1]);
  coro::Scheduler scheduler;
  DatagramSocket socket(scheduler, coro::Descriptor(ends[0]), {});
  while (!socket.try_send(boost::asio::buffer("full", 4))) {
  }
  DatagramSocket::Sent sent;
  const auto sending = scheduler.spawn("send", [&](coro::Yield yield) {
    sent = socket.send(boost::asio::buffer("last", 4), yield);
  });
  coro::Clock::time_point room;
  const auto test = scheduler.spawn("room", [&](coro::Yield yield) {
    yield.now();  // it waits
    EXPECT_FALSE(sending.value().done());
    room = coro::Clock::now();
    std::array<char, 4> bytes{};
    while (::recv(far.number(), bytes.data(), bytes.size(), MSG_DONTWAIT) > 0) {
    }
  });
  ASSERT_TRUE(test);
  scheduler.run();
  EXPECT_FALSE(sent.error);
  EXPECT_GE(sent.at, room);
}

}  // namespace
}  // namespace client

#include "client/udp/datagram_socket.hpp"

#include <gtest/gtest.h>
#include <poll.h>

#include <boost/asio/buffer.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/udp.hpp>

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

}  // namespace
}  // namespace client

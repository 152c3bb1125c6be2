#include "server/net/peer.hpp"

#include <gtest/gtest.h>

#include <boost/asio/local/stream_protocol.hpp>

namespace {

using boost::asio::ip::make_address;
using boost::asio::ip::tcp;

coro::Endpoint endpoint(const char* address, unsigned short port) {
  return tcp::endpoint(make_address(address), port);
}

TEST(Peer, NamesAnIpv4AddressAndItsPort) {
  EXPECT_EQ(server::peer_at(endpoint("192.0.2.1", 8888)).name, "192.0.2.1:8888");
}

TEST(Peer, NamesAnIpv6AddressInBrackets) {
  EXPECT_EQ(server::peer_at(endpoint("2001:db8::1", 1)).name, "[2001:db8::1]:1");
}

TEST(Peer, ShowsAnIpv4PeerOfADualStackSocketAsIpv4) {
  const auto peer = server::peer_at(endpoint("::ffff:192.0.2.1", 8888));
  EXPECT_EQ(peer.name, "192.0.2.1:8888");
  EXPECT_EQ(peer.address, make_address("192.0.2.1"));
}

TEST(Peer, HasNoAddressOnAUnixSocket) {
  const auto peer =
      server::peer_at(coro::Endpoint(boost::asio::local::stream_protocol::endpoint()));
  EXPECT_EQ(peer.name, "unix");
  EXPECT_EQ(peer.address, std::nullopt);
}

TEST(Peer, AListenersUnixSocketIsNamedByItsPath) {
  const coro::Endpoint listener = boost::asio::local::stream_protocol::endpoint("/run/echo.sock");
  EXPECT_EQ(server::to_string(listener), "unix:/run/echo.sock");
}

}  // namespace

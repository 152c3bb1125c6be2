#include "server/udp/udp_gate.hpp"

#include <arpa/inet.h>
#include <gtest/gtest.h>

#include <array>
#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace server {
namespace {

using std::chrono_literals::operator""h;

constexpr coro::Clock::time_point now(100h);

Datagram datagram_from(const std::string& source, std::uint16_t port = 40000) {
  Datagram datagram{};
  datagram.ttl = 64;
  if (boost::asio::ip::make_address(source).is_v4()) {
    datagram.peer.v4.sin_family = AF_INET;
    inet_pton(AF_INET, source.c_str(), &datagram.peer.v4.sin_addr);
  } else {
    datagram.peer.v6.sin6_family = AF_INET6;
    inet_pton(AF_INET6, source.c_str(), &datagram.peer.v6.sin6_addr);
  }
  datagram.peer.v4.sin_port = htons(port);
  return datagram;
}

class UdpGateTest : public testing::Test {
 protected:
  UdpGateTest() {
    config_.udp.rate = 0;
    gate_.set_own_ports({7000, 7001});
  }

  std::optional<UdpRefusal> refusal_of(const Datagram& datagram) {
    return gate_.refusal_of(datagram, now);
  }
  std::optional<UdpRefusal> refusal_of(const std::string& source, std::uint16_t port = 40000) {
    return refusal_of(datagram_from(source, port));
  }
  void allow(const std::vector<std::string>& networks) {
    std::vector<Network> parsed;
    for (const std::string& network : networks)
      parsed.push_back(*Network::parse(network));
    config_.udp.allow = NetworkTable(parsed);
  }

  Config config_;
  UdpGate gate_{config_};
};

TEST_F(UdpGateTest, KnowsAMappedSourceAsIpv4) {
  allow({"10.0.0.0/8"});
  EXPECT_EQ(std::nullopt, refusal_of("::ffff:10.0.0.1"));
  EXPECT_EQ(UdpRefusal::not_allowed, refusal_of("::ffff:192.0.2.1"));
  EXPECT_EQ(UdpRefusal::multicast, refusal_of("::ffff:224.0.0.1"));
  EXPECT_EQ(boost::asio::ip::make_address("10.0.0.1"),
            datagram_from("::ffff:10.0.0.1").peer.address());
  EXPECT_EQ(boost::asio::ip::make_address("2001:db8::1"),
            datagram_from("2001:db8::1").peer.address());
}

TEST_F(UdpGateTest, LetsThisMachineInByDefaultAndNobodyElse) {
  EXPECT_EQ(std::nullopt, refusal_of("127.0.0.1"));
  EXPECT_EQ(std::nullopt, refusal_of("127.255.0.1"));
  EXPECT_EQ(std::nullopt, refusal_of("::1"));
  for (const char* source : {"192.0.2.1", "10.0.0.1", "2001:db8::1", "fe80::1"})
    EXPECT_EQ(UdpRefusal::not_allowed, refusal_of(source)) << source;
}

TEST_F(UdpGateTest, LetsInWhomTheConfigurationOfNowNames) {
  allow({"192.0.2.0/24", "fe80::/10"});
  EXPECT_EQ(std::nullopt, refusal_of("192.0.2.1"));
  EXPECT_EQ(std::nullopt, refusal_of("fe80::1"));
  EXPECT_EQ(UdpRefusal::not_allowed, refusal_of("127.0.0.1"));
  allow({});
  EXPECT_EQ(UdpRefusal::not_allowed, refusal_of("192.0.2.1"));
}

TEST_F(UdpGateTest, RefusesWhoIsRefusedOverTcp) {
  config_.access.deny = {*Network::parse("127.0.0.0/24")};
  config_.access.combine();
  EXPECT_EQ(UdpRefusal::not_allowed, refusal_of("127.0.0.1"));
  EXPECT_EQ(std::nullopt, refusal_of("127.0.1.1"));
}

TEST_F(UdpGateTest, RefusesPortsOfServices) {
  for (const std::uint16_t port : std::to_array<std::uint16_t>({0, 7, 19, 53, 1023}))
    EXPECT_EQ(UdpRefusal::source_port, refusal_of("127.0.0.1", port)) << port;
  EXPECT_EQ(std::nullopt, refusal_of("127.0.0.1", 1024));
}

TEST_F(UdpGateTest, RefusesItsOwnPortsOnAddressesOfThisMachineOnly) {
  allow({"0.0.0.0/0", "::/0"});
  for (const std::uint16_t port : std::to_array<std::uint16_t>({7000, 7001})) {
    EXPECT_EQ(UdpRefusal::own_address, refusal_of("127.0.0.1", port));
    EXPECT_EQ(UdpRefusal::own_address, refusal_of("127.0.0.99", port));
    EXPECT_EQ(UdpRefusal::own_address, refusal_of("::1", port));
    EXPECT_EQ(std::nullopt, refusal_of("192.0.2.1", port));
    EXPECT_EQ(std::nullopt, refusal_of("2001:db8::1", port));
  }
  EXPECT_EQ(std::nullopt, refusal_of("127.0.0.1", 7002));
}

TEST_F(UdpGateTest, RefusesSourcesThatAreNoHost) {
  allow({"0.0.0.0/0", "::/0"});
  for (const char* source : {"0.0.0.0", "0.1.2.3", "224.0.0.1", "239.255.255.255", "240.0.0.1",
                             "255.255.255.255", "::", "ff02::1", "ff0e::1"})
    EXPECT_EQ(UdpRefusal::multicast, refusal_of(source)) << source;
}

TEST_F(UdpGateTest, RefusesWhatWasSentToMany) {
  Datagram datagram = datagram_from("127.0.0.1");
  datagram.asked.unicast = false;
  EXPECT_EQ(UdpRefusal::multicast, refusal_of(datagram));
}

TEST_F(UdpGateTest, RefusesWithoutAHopLeft) {
  Datagram datagram = datagram_from("127.0.0.1");
  for (datagram.ttl = 0; datagram.ttl < 2; ++datagram.ttl)
    EXPECT_EQ(UdpRefusal::ttl, refusal_of(datagram)) << datagram.ttl;
  EXPECT_EQ(std::nullopt, refusal_of(datagram));
}

TEST_F(UdpGateTest, CountsForTheRateOnlyWhatIsAnswered) {
  config_.udp.rate = 1;
  Datagram datagram = datagram_from("127.0.0.1");
  datagram.ttl = 1;
  EXPECT_EQ(UdpRefusal::ttl, refusal_of(datagram));
  datagram.ttl = 2;
  EXPECT_EQ(std::nullopt, refusal_of(datagram));
  EXPECT_EQ(UdpRefusal::rate, refusal_of(datagram));
  config_.udp.rate = 0;
  EXPECT_EQ(std::nullopt, refusal_of(datagram));
}

}  // namespace
}  // namespace server

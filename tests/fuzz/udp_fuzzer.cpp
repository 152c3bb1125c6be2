// Any bytes as a sequence of datagrams from anywhere: what is answered is allowed, and no source
// network gets more answers than its rate.
#include <sys/socket.h>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <map>
#include <string>
#include <vector>

#include "server/udp/udp_gate.hpp"
#include "tests/fuzz/fuzzer.hpp"

namespace {

using boost::asio::ip::address;
using boost::asio::ip::address_v4;
using boost::asio::ip::address_v6;
using fuzz::Input;
using fuzz::require;
using std::chrono::nanoseconds;

// The first byte of a datagram: its family, and what it was sent to.
constexpr unsigned version_6 = 1;
constexpr unsigned to_many = 2;

server::Datagram datagram(Input& input) {
  server::Datagram datagram{};
  const unsigned flags = input.byte();
  datagram.asked.unicast = (flags & to_many) == 0;
  if ((flags & version_6) != 0) {
    const auto source = input.bytes<address_v6::bytes_type>();
    datagram.peer.v6 = {};
    datagram.peer.v6.sin6_family = AF_INET6;
    std::memcpy(&datagram.peer.v6.sin6_addr, source.data(), source.size());
    datagram.asked.kind = server::AskedAddress::Kind::ipv6;
    datagram.asked.ipv6 = datagram.peer.v6.sin6_addr;
    datagram.asked.interface = input.byte();
  } else {
    const auto source = input.bytes<address_v4::bytes_type>();
    datagram.peer.v4 = {};
    datagram.peer.v4.sin_family = AF_INET;
    std::memcpy(&datagram.peer.v4.sin_addr, source.data(), source.size());
    datagram.asked.kind = server::AskedAddress::Kind::ipv4;
    datagram.asked.ipv4 = datagram.peer.v4.sin_addr;
  }
  datagram.peer.v4.sin_port = htons(input.number());
  datagram.ttl = input.byte();
  return datagram;
}

// The /32 or /64 of an address, worked out without the code that is tested.
std::string network_of(const address& source) {
  if (source.is_v4()) return source.to_string();
  const auto bytes = source.to_v6().to_bytes();
  return {bytes.begin(), bytes.begin() + 8};
}

// The two networks that every input allows, and the same worked out by hand.
server::NetworkTable allowed_networks() {
  return server::NetworkTable(
      {*server::Network::parse("10.0.0.0/8"), *server::Network::parse("2001:db8::/32")});
}

bool is_of_the_allowed(const address& source) {
  if (source.is_v4()) return source.to_v4().to_bytes()[0] == 10;
  const auto bytes = source.to_v6().to_bytes();
  return bytes[0] == 0x20 && bytes[1] == 0x01 && bytes[2] == 0x0d && bytes[3] == 0xb8;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  Input input(data, size);
  server::Config config;
  config.udp.allow = allowed_networks();
  config.udp.rate = input.byte();
  server::UdpGate gate(config);
  const std::uint16_t own_port = 4096;
  gate.set_own_ports({own_port});

  const coro::Clock::time_point start{std::chrono::hours(1)};
  nanoseconds elapsed{0};
  std::map<std::string, double> answered;
  bool first = true;
  while (!input.empty()) {
    elapsed += std::chrono::microseconds(input.number());
    const server::Datagram request = datagram(input);
    const auto refusal = gate.refusal_of(request, start + elapsed);
    const address source = request.peer.address();
    const std::uint16_t port = request.peer.port();
    const bool acceptable = request.asked.unicast && is_of_the_allowed(source) && port >= 1024 &&
                            port != own_port && request.ttl > 1;
    if (refusal) {
      require(!first || !acceptable, "a first datagram is not refused without a reason");
    } else {
      require(request.asked.unicast && is_of_the_allowed(source) && port >= 1024 && request.ttl > 1,
              "only what is acceptable is answered");
      const double seconds = std::chrono::duration<double>(elapsed).count();
      require(config.udp.rate == 0 ||
                  ++answered[network_of(source)] <= config.udp.rate * (1 + seconds) + 1e-6,
              "a source network gets no more than its rate");
    }
    first = false;
  }
  return 0;
}

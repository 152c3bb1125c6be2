#pragma once

#include <netinet/in.h>

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "tests/service/file_descriptor.hpp"
#include "tests/service/patience.hpp"

namespace service {

// A datagram as it arrived.
struct ReceivedDatagram {
  std::string payload;
  std::string from;  // the address without the port
  std::uint16_t port = 0;
  int ttl = 0;  // or hop limit
};

// A UDP socket of a client.
class DatagramClient {
 public:
  // Sends from this IPv4 or IPv6 address and port, 0 for any free one.
  explicit DatagramClient(const std::string& address = "127.0.0.1", std::uint16_t port = 0);

  // Sends one datagram, with that TTL or hop limit.
  void send(std::string_view payload, const std::string& address, std::uint16_t port,
            int ttl = 64) const;

  // The next one; none if none comes in time.
  std::optional<ReceivedDatagram> receive(std::chrono::milliseconds timeout = patience) const;

  // Sends and receives.
  std::optional<ReceivedDatagram> echo(std::string_view payload, const std::string& address,
                                       std::uint16_t port, int ttl = 64) const;

  // The number of datagrams that come until none has come for so long.
  int count(std::chrono::milliseconds silence) const;

  std::uint16_t port() const;
  int descriptor() const { return socket_.get(); }

 private:
  FileDescriptor socket_;
};

// A datagram over IPv4 with a sender that it is not from.
struct ForgedDatagram {
  std::string source;
  std::uint16_t source_port = 0;
  std::string destination;
  std::uint16_t destination_port = 0;
  std::string payload = "forged";
  std::uint8_t ttl = 64;
};

// Sends it; false if this process may not.
bool send_forged(const ForgedDatagram& datagram);

}  // namespace service

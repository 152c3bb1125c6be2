#pragma once

#include <netinet/in.h>

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>

#include "tests/service/file_descriptor.hpp"

namespace service {

// A UDP socket that sends each datagram from an address of its choice in 127.0.0.0/8 and receives
// what is sent to that address and its port. The kernel allows this on loopback without privileges;
// for the receiver it is what a forged source is.
class ForgedDatagrams {
 public:
  // Sends to 127.0.0.1 at `target`.
  explicit ForgedDatagrams(std::uint16_t target);

  // Sends one datagram, in host byte order from `source`; `ttl` if it is not 0.
  void send(std::uint32_t source, std::string_view payload, int ttl = 0) const;

  // The next datagram that comes, and the address of ours to which it was sent. The size is -1 if
  // none comes in time.
  struct Received {
    std::uint32_t to = 0;
    long size = -1;
  };
  Received receive(std::chrono::milliseconds timeout) const;

 private:
  FileDescriptor socket_;
  sockaddr_in target_;
};

// An address in host byte order: 127.0.0.2 is 0x7f000002.
std::uint32_t loopback(std::uint32_t host);

}  // namespace service

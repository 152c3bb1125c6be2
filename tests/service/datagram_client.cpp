#include "tests/service/datagram_client.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/ip.h>
#include <netinet/udp.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/uio.h>

#include <array>
#include <cstring>
#include <vector>

namespace service {
namespace {

constexpr std::size_t longest = 65536;

union Address {
  sockaddr any;
  sockaddr_in v4;
  sockaddr_in6 v6;
};

bool is_ipv6(const std::string& address) {
  return address.find(':') != std::string::npos;
}

Address address_of(const std::string& text, std::uint16_t port) {
  Address address{};
  if (is_ipv6(text)) {
    address.v6.sin6_family = AF_INET6;
    address.v6.sin6_port = htons(port);
    inet_pton(AF_INET6, text.c_str(), &address.v6.sin6_addr);
  } else {
    address.v4.sin_family = AF_INET;
    address.v4.sin_port = htons(port);
    inet_pton(AF_INET, text.c_str(), &address.v4.sin_addr);
  }
  return address;
}

socklen_t size_of(const Address& address) {
  return address.any.sa_family == AF_INET ? sizeof address.v4 : sizeof address.v6;
}

std::string text_of(const Address& address) {
  std::array<char, INET6_ADDRSTRLEN> text{};
  const bool is_v4 = address.any.sa_family == AF_INET;
  inet_ntop(address.any.sa_family,
            is_v4 ? static_cast<const void*>(&address.v4.sin_addr) : &address.v6.sin6_addr,
            text.data(), text.size());
  return text.data();
}

int ttl_of(msghdr& header) {
  int ttl = 0;
  for (cmsghdr* message = CMSG_FIRSTHDR(&header); message != nullptr;
       message = CMSG_NXTHDR(&header, message))
    std::memcpy(&ttl, CMSG_DATA(message), sizeof ttl);
  return ttl;
}

}  // namespace

DatagramClient::DatagramClient(const std::string& address, std::uint16_t port)
    : socket_(socket(is_ipv6(address) ? AF_INET6 : AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0),
              "socket") {
  const Address local = address_of(address, port);
  if (bind(socket_.get(), &local.any, size_of(local)) != 0) throw_errno("bind");
  const int yes = 1;
  if (is_ipv6(address))
    setsockopt(socket_.get(), IPPROTO_IPV6, IPV6_RECVHOPLIMIT, &yes, sizeof yes);
  else
    setsockopt(socket_.get(), IPPROTO_IP, IP_RECVTTL, &yes, sizeof yes);
}

void DatagramClient::send(std::string_view payload, const std::string& address, std::uint16_t port,
                          int ttl) const {
  const Address peer = address_of(address, port);
  if (is_ipv6(address))
    setsockopt(socket_.get(), IPPROTO_IPV6, IPV6_UNICAST_HOPS, &ttl, sizeof ttl);
  else
    setsockopt(socket_.get(), IPPROTO_IP, IP_TTL, &ttl, sizeof ttl);
  if (sendto(socket_.get(), payload.data(), payload.size(), 0, &peer.any, size_of(peer)) < 0)
    throw_errno("sendto");
}

std::optional<ReceivedDatagram> DatagramClient::receive(std::chrono::milliseconds timeout) const {
  pollfd readable{.fd = socket_.get(), .events = POLLIN, .revents = 0};
  if (poll(&readable, 1, static_cast<int>(timeout.count())) != 1) return std::nullopt;
  std::vector<char> payload(longest);
  Address from{};
  alignas(cmsghdr) std::array<char, 128> control{};
  iovec parts{.iov_base = payload.data(), .iov_len = payload.size()};
  msghdr header{.msg_name = &from,
                .msg_namelen = sizeof from,
                .msg_iov = &parts,
                .msg_iovlen = 1,
                .msg_control = control.data(),
                .msg_controllen = control.size(),
                .msg_flags = 0};
  const ssize_t size = recvmsg(socket_.get(), &header, 0);
  if (size < 0) throw_errno("recvmsg");
  return ReceivedDatagram{.payload = {payload.data(), static_cast<std::size_t>(size)},
                          .from = text_of(from),
                          .port = ntohs(from.v4.sin_port),
                          .ttl = ttl_of(header)};
}

std::optional<ReceivedDatagram> DatagramClient::echo(std::string_view payload,
                                                     const std::string& address, std::uint16_t port,
                                                     int ttl) const {
  send(payload, address, port, ttl);
  return receive();
}

int DatagramClient::count(std::chrono::milliseconds silence) const {
  int count = 0;
  while (receive(silence))
    ++count;
  return count;
}

bool send_forged(const ForgedDatagram& datagram) {
  const int descriptor = socket(AF_INET, SOCK_RAW | SOCK_CLOEXEC, IPPROTO_RAW);
  if (descriptor < 0) return false;
  const FileDescriptor raw(descriptor, "socket");
  const Address source = address_of(datagram.source, datagram.source_port);
  const Address destination = address_of(datagram.destination, datagram.destination_port);
  const std::size_t udp_size = sizeof(udphdr) + datagram.payload.size();
  iphdr ip{};
  ip.version = 4;
  ip.ihl = sizeof ip / 4;
  ip.ttl = datagram.ttl;
  ip.protocol = IPPROTO_UDP;
  ip.saddr = source.v4.sin_addr.s_addr;  // the kernel adds the length and the checksum
  ip.daddr = destination.v4.sin_addr.s_addr;
  udphdr udp{};  // without a checksum
  udp.source = source.v4.sin_port;
  udp.dest = destination.v4.sin_port;
  udp.len = htons(static_cast<std::uint16_t>(udp_size));
  std::string packet(sizeof ip + udp_size, '\0');
  std::memcpy(packet.data(), &ip, sizeof ip);
  std::memcpy(packet.data() + sizeof ip, &udp, sizeof udp);
  datagram.payload.copy(packet.data() + sizeof ip + sizeof udp, datagram.payload.size());
  if (sendto(raw.get(), packet.data(), packet.size(), 0, &destination.any, size_of(destination)) <
      0)
    throw_errno("sendto");
  return true;
}

std::uint16_t DatagramClient::port() const {
  Address address{};
  socklen_t size = sizeof address;
  if (getsockname(socket_.get(), &address.any, &size) != 0) throw_errno("getsockname");
  return ntohs(address.v4.sin_port);
}

}  // namespace service

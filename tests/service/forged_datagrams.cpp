#include "tests/service/forged_datagrams.hpp"

#include <arpa/inet.h>
#include <poll.h>
#include <sys/socket.h>

#include <array>
#include <cstring>

#include "tests/service/patience.hpp"

namespace service {
namespace {

constexpr std::size_t control_size = CMSG_SPACE(sizeof(in_pktinfo)) + CMSG_SPACE(sizeof(int));

template <typename Value>
cmsghdr* put(msghdr& message, cmsghdr* control, int type, const Value& value) {
  control->cmsg_level = IPPROTO_IP;
  control->cmsg_type = type;
  control->cmsg_len = CMSG_LEN(sizeof value);
  std::memcpy(CMSG_DATA(control), &value, sizeof value);
  return CMSG_NXTHDR(&message, control);
}

}  // namespace

ForgedDatagrams::ForgedDatagrams(std::uint16_t target)
    : socket_(socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0), "socket"), target_{} {
  const int on = 1;
  target_.sin_family = AF_INET;
  target_.sin_port = htons(target);
  target_.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  sockaddr_in any{};
  any.sin_family = AF_INET;
  if (setsockopt(socket_.get(), IPPROTO_IP, IP_PKTINFO, &on, sizeof on) != 0 ||
      bind(socket_.get(), reinterpret_cast<const sockaddr*>(&any), sizeof any) != 0)
    throw_errno("bind");
}

void ForgedDatagrams::send(std::uint32_t source, std::string_view payload, int ttl) const {
  alignas(cmsghdr) std::array<char, control_size> controls{};
  iovec part{.iov_base = const_cast<char*>(payload.data()), .iov_len = payload.size()};
  sockaddr_in target = target_;
  msghdr message{};
  message.msg_name = &target;
  message.msg_namelen = sizeof target;
  message.msg_iov = &part;
  message.msg_iovlen = 1;
  message.msg_control = controls.data();
  message.msg_controllen = ttl == 0 ? CMSG_SPACE(sizeof(in_pktinfo)) : control_size;
  in_pktinfo info{};
  info.ipi_spec_dst.s_addr = htonl(source);
  cmsghdr* const next = put(message, CMSG_FIRSTHDR(&message), IP_PKTINFO, info);
  if (ttl != 0) put(message, next, IP_TTL, ttl);
  if (sendmsg(socket_.get(), &message, 0) < 0) throw_errno("sendmsg");
}

ForgedDatagrams::Received ForgedDatagrams::receive(std::chrono::milliseconds timeout) const {
  alignas(cmsghdr) std::array<char, control_size> controls{};
  std::array<char, 2048> payload{};
  iovec part{.iov_base = payload.data(), .iov_len = payload.size()};
  msghdr message{};
  message.msg_iov = &part;
  message.msg_iovlen = 1;
  message.msg_control = controls.data();
  message.msg_controllen = controls.size();
  // Asked first without waiting: a million calls of poll(2) would take as long as the rest.
  ssize_t size = recvmsg(socket_.get(), &message, MSG_DONTWAIT | MSG_TRUNC);
  if (size < 0 && errno == EAGAIN) {
    pollfd ready{.fd = socket_.get(), .events = POLLIN, .revents = 0};
    if (poll(&ready, 1, static_cast<int>(timeout.count())) != 1) return {};
    size = recvmsg(socket_.get(), &message, MSG_TRUNC);
  }
  if (size < 0) throw_errno("recvmsg");
  in_pktinfo info{};
  for (cmsghdr* control = CMSG_FIRSTHDR(&message); control != nullptr;
       control = CMSG_NXTHDR(&message, control)) {
    if (control->cmsg_type == IP_PKTINFO) std::memcpy(&info, CMSG_DATA(control), sizeof info);
  }
  return {.to = ntohl(info.ipi_addr.s_addr), .size = size};
}

std::uint32_t loopback(std::uint32_t host) {
  return 0x7f000000U + host;
}

}  // namespace service

#include "client/udp/datagram_socket.hpp"

#include <linux/errqueue.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <array>
#include <boost/asio/error.hpp>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <utility>

#include "client/wire/connect.hpp"
#include "client/wire/dscp.hpp"
#include "coro/error.hpp"
#include "coro/scheduler.hpp"

namespace client {
namespace {

using boost::asio::ip::address;
using boost::asio::ip::udp;
using coro::error_code;
using coro::Yield;
namespace error = boost::asio::error;

constexpr std::size_t most_in_a_turn = 64;
constexpr auto pause = std::chrono::milliseconds(1);  // where no event tells of room

error_code set(int socket, int level, int option, int value) {
  return ::setsockopt(socket, level, option, &value, sizeof value) == 0 ? error_code()
                                                                        : coro::last_error();
}

// By default the kernel sets DF on what fits the MTU that it knows of, so that the first datagrams
// beyond a smaller one are lost.
error_code prepare(int socket, bool is_v4, DatagramSocket::Size size) {
  const bool whole = size == DatagramSocket::Size::whole;
  if (is_v4) {
    if (const auto error = set(socket, IPPROTO_IP, IP_RECVERR, 1)) return error;
    return set(socket, IPPROTO_IP, IP_MTU_DISCOVER, whole ? IP_PMTUDISC_PROBE : IP_PMTUDISC_DONT);
  }
  if (const auto error = set(socket, IPPROTO_IPV6, IPV6_RECVERR, 1)) return error;
  if (const auto error = set(socket, IPPROTO_IPV6, IPV6_DONTFRAG, whole ? 1 : 0)) return error;
  return set(socket, IPPROTO_IPV6, IPV6_MTU_DISCOVER,
             whole ? IPV6_PMTUDISC_PROBE : IPV6_PMTUDISC_DONT);
}

boost::system::result<coro::Descriptor> try_to_connect(const udp::endpoint& peer,
                                                       const Target& target,
                                                       DatagramSocket::Size size) {
  coro::Descriptor socket(
      ::socket(peer.protocol().family(), SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, IPPROTO_UDP));
  if (!socket.is_open()) return coro::last_error();
  if (const auto error = prepare(socket.number(), peer.address().is_v4(), size)) return error;
  if (const auto error = set_dscp(socket.number(), peer.address(), target.dscp)) return error;
  if (target.source) {
    if (const auto error = bind_to(*target.source, socket.number())) return error;
  }
  if (::connect(socket.number(), peer.data(), static_cast<socklen_t>(peer.size())) != 0)
    return coro::last_error();
  return socket;
}

boost::system::result<coro::Descriptor> connect_to(const udp::endpoint& peer, const Target& target,
                                                   DatagramSocket::Size size) {
  auto socket = try_to_connect(peer, target, size);
  if (!socket || !is_connected_to_itself(socket->number(), peer.port())) return socket;
  return try_to_connect(peer, target, size);  // gets another port, since the first one is taken
}

DatagramSocket::Received only(error_code error) {
  return {error, 0, std::nullopt, 0};
}

std::optional<address> address_in(const sockaddr& reporter) {
  if (reporter.sa_family == AF_INET) {
    sockaddr_in v4{};
    std::memcpy(&v4, &reporter, sizeof v4);
    return boost::asio::ip::address_v4(ntohl(v4.sin_addr.s_addr));
  }
  if (reporter.sa_family != AF_INET6) return std::nullopt;
  sockaddr_in6 v6{};
  std::memcpy(&v6, &reporter, sizeof v6);
  boost::asio::ip::address_v6::bytes_type bytes;
  std::memcpy(bytes.data(), &v6.sin6_addr, bytes.size());
  return boost::asio::ip::address_v6(bytes, v6.sin6_scope_id);
}

bool is_error(const cmsghdr& header) {
  return (header.cmsg_level == IPPROTO_IP && header.cmsg_type == IP_RECVERR) ||
         (header.cmsg_level == IPPROTO_IPV6 && header.cmsg_type == IPV6_RECVERR);
}

// Returns nothing for an error of this machine: the call that sends has returned it.
std::optional<DatagramSocket::Received> error_in(msghdr& message) {
  for (auto* header = CMSG_FIRSTHDR(&message); header != nullptr;
       header = CMSG_NXTHDR(&message, header)) {
    if (!is_error(*header)) continue;
    const auto* const found = reinterpret_cast<const sock_extended_err*>(CMSG_DATA(header));
    if (found->ee_origin == SO_EE_ORIGIN_LOCAL) return std::nullopt;
    DatagramSocket::Received received;
    received.error = {static_cast<int>(found->ee_errno), boost::system::system_category()};
    received.reporter = address_in(*SO_EE_OFFENDER(found));
    if (received.error == error::message_size) received.mtu = found->ee_info;
    return received;
  }
  return std::nullopt;
}

}  // namespace

bool has_no_room(error_code error) {
  return error == error::would_block || error == error::no_buffer_space ||
         error == error::no_memory;
}

DatagramSocket::Result DatagramSocket::open(Yield yield, const Target& target,
                                            coro::Clock::duration limit, Size size) {
  const auto addresses = resolve(yield, target, limit);
  if (!addresses) return addresses.error();
  return connect(yield.scheduler(), target, *addresses, size);
}

DatagramSocket::Result DatagramSocket::connect(coro::Scheduler& scheduler, const Target& target,
                                               const Addresses& addresses, Size size) {
  error_code error = error::host_not_found;
  for (const auto& each : addresses) {
    const udp::endpoint peer(each.address(), each.port());
    auto socket = connect_to(peer, target, size);
    if (socket) return std::make_unique<DatagramSocket>(scheduler, std::move(*socket), peer);
    error = socket.error();
  }
  return error;
}

DatagramSocket::DatagramSocket(coro::Scheduler& scheduler, coro::Descriptor socket,
                               udp::endpoint peer)
    : socket_(std::move(socket)), readiness_(scheduler, socket_.number()), peer_(std::move(peer)) {}

// An ICMP error for an earlier datagram fails the next call, which then sends nothing.
error_code DatagramSocket::try_send(boost::asio::const_buffer bytes) {
  error_code error;
  for (const bool again : {true, false}) {
    if (::send(number(), bytes.data(), bytes.size(), MSG_DONTWAIT | MSG_NOSIGNAL) >= 0) return {};
    error = coro::last_error();
    if (has_no_room(error)) return error;
    has_errors_ = true;
    if (!again) break;
  }
  return error;
}

DatagramSocket::Sent DatagramSocket::send(boost::asio::const_buffer bytes, Yield yield) {
  for (;;) {
    const auto now = coro::Clock::now();
    const auto error = try_send(bytes);
    if (!has_no_room(error)) return {error, now};
    const auto interrupted = error == error::would_block ? readiness_.wait_writable(yield)
                                                         : coro::sleep_for(yield, pause);
    if (interrupted) return {interrupted, now};
  }
}

DatagramSocket::Received DatagramSocket::try_receive(boost::asio::mutable_buffer buffer) {
  if (has_errors_) {
    if (const auto found = next_error(buffer)) return *found;
  }
  const auto size = ::recv(number(), buffer.data(), buffer.size(), MSG_DONTWAIT);
  if (size >= 0) return {{}, static_cast<std::size_t>(size), std::nullopt, 0};
  const auto error = coro::last_error();
  if (error == error::would_block) return only(error);
  has_errors_ = true;
  const auto found = next_error(buffer);
  return found ? *found : only(error);
}

// The kernel reports a socket with such an error as readable until the queue is empty.
std::optional<DatagramSocket::Received> DatagramSocket::next_error(
    boost::asio::mutable_buffer buffer) {
  for (;;) {
    alignas(cmsghdr) std::array<char, 512> control;
    iovec place{buffer.data(), buffer.size()};
    msghdr message{};
    message.msg_iov = &place;
    message.msg_iovlen = 1;
    message.msg_control = control.data();
    message.msg_controllen = control.size();
    const auto size = ::recvmsg(number(), &message, MSG_ERRQUEUE | MSG_DONTWAIT);
    if (size < 0) {
      has_errors_ = false;
      return std::nullopt;
    }
    auto found = error_in(message);
    if (!found) continue;
    found->size = static_cast<std::size_t>(size);
    return found;
  }
}

DatagramSocket::Received DatagramSocket::receive(boost::asio::mutable_buffer buffer, Yield yield) {
  if (++taken_in_a_turn_ > most_in_a_turn) {
    yield.now();
    taken_in_a_turn_ = 1;
  }
  if (!yield.is_cancelled()) {
    auto received = try_receive(buffer);
    if (received.error != error::would_block) return received;
  }
  for (;;) {
    const auto interrupted = readiness_.wait_readable(yield);
    taken_in_a_turn_ = 1;
    const bool was_request = interrupted && !yield.is_cancelled();
    if (was_request) return only(interrupted);
    auto received = try_receive(buffer);
    if (received.error != error::would_block) return received;
    if (interrupted) return only(interrupted);
    has_errors_ = true;  // nothing else wakes a reader in vain
  }
}

}  // namespace client

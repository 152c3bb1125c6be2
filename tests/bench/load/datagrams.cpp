#include "tests/bench/load/datagrams.hpp"

#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <stdexcept>
#include <utility>

#include "tests/bench/load/failure.hpp"

namespace load {
namespace {

constexpr std::size_t batch = 64;
constexpr std::size_t largest = 2048;
constexpr Time longest_gathering = 50'000;
constexpr Time patience = 1'000'000'000;
constexpr std::size_t flooders = 16;  // addresses

std::array<std::array<char, largest>, batch> scratch;

// From an address of its own, 127.BLOCK.0.1 and on, connected to the server.
int connect_datagram_socket(sockaddr_in server, std::uint32_t block, std::size_t index) {
  const int descriptor =
      checked(socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0), "socket");
  sockaddr_in local{};
  local.sin_family = AF_INET;
  local.sin_addr.s_addr = htonl(0x7f000001U + (block << 16U) + static_cast<std::uint32_t>(index));
  checked(bind(descriptor, reinterpret_cast<const sockaddr*>(&local), sizeof local), "bind");
  checked(connect(descriptor, reinterpret_cast<const sockaddr*>(&server), sizeof server),
          "connect");
  return descriptor;
}

}  // namespace

Datagrams::Datagrams(const Pattern& pattern, sockaddr_in server, std::size_t sockets,
                     Traffic traffic)
    : traffic_(std::move(traffic)) {
  if (traffic_.size < sizeof(Time) || traffic_.size > largest || traffic_.pipeline > batch)
    throw std::runtime_error("a datagram has 8 to 2048 bytes, and at most 64 are under way");
  const auto bytes = pattern.at(0, traffic_.size);
  payload_.assign(bytes.begin(), bytes.end());
  sockets_.reserve(sockets);
  for (std::size_t i = 0; i < sockets; ++i) {
    sockets_.push_back({.descriptor = connect_datagram_socket(server, 1, i)});
    readiness_.add(sockets_.back().descriptor, &sockets_.back());
  }
}

Datagrams::~Datagrams() {
  for (const Socket& socket : sockets_)
    close(socket.descriptor);
}

Traffic Datagrams::run(Time until) {
  traffic_.counts_until = until;
  for (const Socket& socket : sockets_)
    send(socket, traffic_.pipeline);
  Time last = now();
  while (traffic_.under_way > 0) {
    for (const auto& event : readiness_.ask(batch)) {
      auto* const socket = static_cast<Socket*>(event.data.ptr);
      if (!std::exchange(socket->is_ready, true)) ready_.push_back(socket);
    }
    const Time at = now();
    traffic_.stopping = at > until;
    // As Group::turn() does: a server that is answered at once would sleep and be woken for each.
    if (ready_.size() >= std::max<std::size_t>(1, sockets_.size() / 8) ||
        at > last + longest_gathering) {
      const std::uint64_t before = traffic_.messages;
      serve();
      if (traffic_.messages > before) last = at;
    }
    if (at > last + patience) throw std::runtime_error("datagrams are lost");
  }
  return std::move(traffic_);
}

void Datagrams::serve() {
  for (Socket* const socket : std::exchange(ready_, {})) {
    socket->is_ready = false;
    const std::size_t count = receive(*socket);
    if (!traffic_.stopping) send(*socket, count);
  }
}

void Datagrams::send(const Socket& socket, std::size_t count) {
  const Time at = now();
  std::memcpy(payload_.data(), &at, sizeof at);
  iovec part{.iov_base = payload_.data(), .iov_len = payload_.size()};
  std::array<mmsghdr, batch> messages{};
  for (mmsghdr& message : messages) {
    message.msg_hdr.msg_iov = &part;
    message.msg_hdr.msg_iovlen = 1;
  }
  for (std::size_t sent = 0; sent < count;) {
    const int more = checked(
        sendmmsg(socket.descriptor, messages.data() + sent, static_cast<unsigned>(count - sent), 0),
        "sendmmsg");
    sent += static_cast<std::size_t>(more);
  }
  traffic_.under_way += count;
}

std::size_t Datagrams::receive(const Socket& socket) {
  std::array<mmsghdr, batch> messages{};
  std::array<iovec, batch> parts{};
  for (std::size_t i = 0; i < batch; ++i) {
    parts[i] = {.iov_base = scratch[i].data(), .iov_len = largest};
    messages[i].msg_hdr.msg_iov = &parts[i];
    messages[i].msg_hdr.msg_iovlen = 1;
  }
  const int got = recvmmsg(socket.descriptor, messages.data(), batch, MSG_DONTWAIT, nullptr);
  if (got < 0 && errno == EAGAIN) return 0;
  checked(got, "recvmmsg");
  const Time at = now();
  for (std::size_t i = 0; i < static_cast<std::size_t>(got); ++i) {
    Time began = 0;
    std::memcpy(&began, scratch[i].data(), sizeof began);
    if (messages[i].msg_len != payload_.size() ||
        std::memcmp(scratch[i].data() + sizeof began, payload_.data() + sizeof began,
                    payload_.size() - sizeof began) != 0)
      throw std::runtime_error("a datagram came back changed");
    traffic_.latency.record(std::chrono::nanoseconds(at - began));
  }
  traffic_.messages += static_cast<std::size_t>(got);
  if (at < traffic_.counts_until)
    traffic_.bytes_in_time += static_cast<std::size_t>(got) * payload_.size();
  traffic_.under_way -= static_cast<std::size_t>(got);
  return static_cast<std::size_t>(got);
}

Flood::Flood(const Pattern& pattern, sockaddr_in target, double per_second)
    : pattern_(&pattern), per_nanosecond_(per_second / 1e9), began_(now()) {
  for (std::size_t i = 0; i < flooders; ++i)
    sockets_.push_back(connect_datagram_socket(target, 2, i));
}

Flood::~Flood() {
  for (const int socket : sockets_)
    close(socket);
}

// At most one batch: what the flood takes of this core must not delay what is measured beside it.
void Flood::turn() {
  const auto due =
      static_cast<std::uint64_t>(static_cast<double>(now() - began_) * per_nanosecond_);
  if (due <= sent_) return;
  const auto bytes = pattern_->at(0, Pattern::line);
  iovec part{.iov_base = const_cast<char*>(bytes.data()), .iov_len = bytes.size()};  // only read
  const std::size_t count = std::min<std::size_t>(due - sent_, 16);
  std::array<mmsghdr, 16> messages{};
  for (mmsghdr& message : messages) {
    message.msg_hdr.msg_iov = &part;
    message.msg_hdr.msg_iovlen = 1;
  }
  // The kernel does not take all of them; the rest is lost, as in any flood.
  static_cast<void>(sendmmsg(sockets_[sent_ / 16 % flooders], messages.data(),
                             static_cast<unsigned>(count), MSG_DONTWAIT));
  sent_ += count;
  // After a pause those that were due meanwhile are left out, so that no burst follows.
  if (due > sent_ + 1024) sent_ = due;
}

}  // namespace load

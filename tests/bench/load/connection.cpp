#include "tests/bench/load/connection.hpp"

#include <netinet/tcp.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <ctime>
#include <stdexcept>

#include "tests/bench/load/failure.hpp"

namespace load {
namespace {

constexpr std::size_t most_at_once = std::size_t{256} << 10U;
// From here on it pays to hand over pages instead of copying.
constexpr std::size_t large = std::size_t{16} << 10U;

std::array<char, most_at_once> scratch;

}  // namespace

Time now() {
  timespec time{};
  clock_gettime(CLOCK_MONOTONIC, &time);
  return time.tv_sec * 1'000'000'000 + time.tv_nsec;
}

Connection::Connection(const Pattern& pattern, sockaddr_in server, in_addr_t from, bool wait)
    : pattern_(&pattern),
      socket_(checked(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | (wait ? 0 : SOCK_NONBLOCK), 0),
                      "socket")) {
  const int on = 1;
  sockaddr_in local{};
  local.sin_family = AF_INET;
  local.sin_addr.s_addr = from;
  // The port is chosen at connect(2), when it need be free only towards this server.
  checked(setsockopt(socket_, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &on, sizeof on), "setsockopt");
  checked(setsockopt(socket_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on), "setsockopt");
  checked(bind(socket_, reinterpret_cast<const sockaddr*>(&local), sizeof local), "bind");
  if (connect(socket_, reinterpret_cast<const sockaddr*>(&server), sizeof server) != 0 &&
      errno != EINPROGRESS)
    throw_errno("connect");
}

Connection::~Connection() {
  close(socket_);
}

void Connection::begin(Traffic& traffic, Time at) {
  began_.resize(std::max(began_.size(), traffic.pipeline));
  while (under_way_ < traffic.pipeline && !traffic.stopping) {
    began_[(oldest_ + under_way_) % began_.size()] = at;
    ++under_way_;
    ++traffic.under_way;
    begun_ += traffic.size;
  }
  send_all(traffic);
}

void Connection::report_at(std::size_t bytes) {
  const int low_water_mark = static_cast<int>(bytes);
  checked(setsockopt(socket_, SOL_SOCKET, SO_RCVLOWAT, &low_water_mark, sizeof low_water_mark),
          "setsockopt");
}

bool Connection::proceed(Traffic& traffic) {
  const bool drained = receive(traffic);
  begin(traffic, now());
  return drained;
}

void Connection::send_all(const Traffic& traffic) {
  while (sent_ != begun_) {
    const auto size = static_cast<std::size_t>(begun_ - sent_);
    const auto sent = send_piece(std::min(size, most_at_once), traffic.verify);
    if (sent < 0 && (errno == EAGAIN || errno == ENOTCONN)) return;
    checked(sent, "send");
    sent_ += static_cast<std::uint64_t>(sent);
  }
}

ssize_t Connection::send_piece(std::size_t size, bool verify) {
  if (size >= large && !verify) {
    auto offset = Pattern::offset(sent_);
    return sendfile(socket_, pattern_->file(), &offset, size);
  }
  return send(socket_, pattern_->at(sent_, size).data(), size, MSG_NOSIGNAL | MSG_DONTWAIT);
}

// True when there is no more for now.
bool Connection::receive(Traffic& traffic) {
  const int flags = traffic.verify ? MSG_DONTWAIT : MSG_DONTWAIT | MSG_TRUNC;
  const auto got = recv(socket_, scratch.data(), scratch.size(), flags);
  if (got < 0 && (errno == EAGAIN || errno == ENOTCONN)) return true;
  if (checked(got, "recv") == 0) throw std::runtime_error("the server has closed a connection");
  const auto size = static_cast<std::size_t>(got);
  if (received_ + size > sent_) throw std::runtime_error("more came back than was sent");
  if (traffic.verify &&
      std::memcmp(scratch.data(), pattern_->at(received_, size).data(), size) != 0)
    throw std::runtime_error("other bytes came back than were sent");
  received_ += size;
  const Time at = now();
  if (at < traffic.counts_until) traffic.bytes_in_time += size;
  finish_messages(traffic, at);
  return size < scratch.size();
}

void Connection::finish_messages(Traffic& traffic, Time at) {
  while (under_way_ > 0 && received_ - finished_ >= traffic.size) {
    traffic.latency.record(std::chrono::nanoseconds(at - began_[oldest_]));
    oldest_ = (oldest_ + 1) % began_.size();
    --under_way_;
    --traffic.under_way;
    finished_ += traffic.size;
    ++traffic.messages;
  }
}

}  // namespace load

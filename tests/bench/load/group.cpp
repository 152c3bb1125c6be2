#include "tests/bench/load/group.hpp"

#include <arpa/inet.h>

namespace load {
namespace {

constexpr in_addr_t sources = 16;  // addresses from which they connect, 127.0.1.1 and on

}  // namespace

void Group::open(const Pattern& pattern, sockaddr_in server, std::size_t count) {
  for (std::size_t i = 0; i < count; ++i) {
    const auto from = htonl(0x7f000101 + static_cast<in_addr_t>(i) % sources);
    connections_.push_back(std::make_unique<Connection>(pattern, server, from, true));
    readiness_.add(connections_.back()->socket(), connections_.back().get());
  }
}

void Group::start() {
  for (const auto& connection : connections_)
    connection->begin(traffic_, now());
}

void Group::turn() {
  for (const auto& event : readiness_.ask(512))
    static_cast<Connection*>(event.data.ptr)->proceed(traffic_);
}

void Group::short_turn() {
  if (unfinished_ == nullptr) {
    const auto ready = readiness_.ask(1);
    if (ready.empty()) return;
    unfinished_ = static_cast<Connection*>(ready.front().data.ptr);
  }
  if (unfinished_->proceed_a_step(traffic_)) unfinished_ = nullptr;
}

}  // namespace load

#include "tests/bench/load/group.hpp"

#include <arpa/inet.h>

#include <algorithm>
#include <utility>

namespace load {
namespace {

constexpr in_addr_t sources = 16;  // addresses from which they connect, 127.0.1.1 and on
constexpr Time longest_gathering = 50'000;

}  // namespace

void Group::open(const Pattern& pattern, sockaddr_in server, std::size_t count) {
  for (std::size_t i = 0; i < count; ++i) {
    const auto from = htonl(0x7f000101 + static_cast<in_addr_t>(i) % sources);
    connections_.push_back(std::make_unique<Connection>(pattern, server, from, true));
    readiness_.add(connections_.back()->socket(), connections_.back().get());
  }
}

// Looks at whole messages only. To answer each segment as it comes would wake the server for each,
// and how long this machine takes for that is all one would then measure.
void Group::start() {
  for (const auto& connection : connections_) {
    if (traffic_.pipeline > 1) connection->report_at(traffic_.size);
    connection->begin(traffic_, now());
  }
}

void Group::stop() {
  traffic_.stopping = true;
  for (const auto& connection : connections_) {
    connection->report_at(1);
    make_ready(*connection);
  }
}

// Not for a few only, unless there are no more to wait for: who is faster than this load would be
// asleep each time it is sent something, and to wake it takes longer than to send.
void Group::turn() {
  notice_ready();
  const Time at = now();
  const bool worthwhile = ready_.size() >= connections_.size() / 8;
  if (!worthwhile && at < served_ + longest_gathering) return;
  serve(ready_.size());
  served_ = at;
}

void Group::short_turn() {
  if (ready_.empty()) notice_ready();
  serve(std::min<std::size_t>(ready_.size(), 1));
}

void Group::notice_ready() {
  for (const auto& event : readiness_.ask(512))
    make_ready(*static_cast<Connection*>(event.data.ptr));
}

void Group::make_ready(Connection& connection) {
  if (!std::exchange(connection.is_ready, true)) ready_.push_back(&connection);
}

// One receive of each in turn: a server that sends as fast as is received here would keep one
// connection ready for ever, and the others would wait for the load, not for the server.
void Group::serve(std::size_t count) {
  for (; count > 0; --count) {
    Connection* const connection = ready_.front();
    ready_.pop_front();
    connection->is_ready = !connection->proceed(traffic_);
    if (connection->is_ready) ready_.push_back(connection);
  }
}

}  // namespace load

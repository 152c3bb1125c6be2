#include "tests/bench/load/churn.hpp"

#include <arpa/inet.h>

#include <algorithm>
#include <stdexcept>

namespace load {
namespace {

// Many, for the port of a connection that has ended is not free for a second.
constexpr std::uint32_t sources = 250;
constexpr Time patience = 20'000'000'000;

}  // namespace

Churn::Churn(const Pattern& pattern, sockaddr_in server, std::size_t at_a_time)
    : pattern_(&pattern), server_(server), connections_(at_a_time) {}

void Churn::connect_next(std::size_t slot) {
  auto& connection = connections_[slot];
  const auto from = htonl(0x7f000201 + opened_++ % sources);
  const Time at = now();
  connection = std::make_unique<Connection>(*pattern_, server_, from, false);
  readiness_.add(connection->socket(), &connection);
  connection->begin(traffic_, at);
}

Traffic Churn::run(Time until) {
  traffic_ = Traffic{};
  traffic_.counts_until = until;
  for (std::size_t slot = 0; slot < connections_.size(); ++slot)
    connect_next(slot);
  for (std::size_t left = connections_.size(); left > 0;) {
    if (now() > until + patience) throw std::runtime_error("echoes are missing");
    for (const auto& event : readiness_.ask(connections_.size())) {
      auto& connection = *static_cast<std::unique_ptr<Connection>*>(event.data.ptr);
      traffic_.stopping = true;  // one message only
      connection->proceed(traffic_);
      if (!connection->idle()) continue;
      connection.reset();
      traffic_.stopping = false;
      if (now() < until) {
        connect_next(static_cast<std::size_t>(&connection - connections_.data()));
      } else {
        --left;
      }
    }
  }
  return traffic_;
}

}  // namespace load

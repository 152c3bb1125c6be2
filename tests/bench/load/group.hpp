#pragma once

#include <memory>
#include <vector>

#include "tests/bench/load/connection.hpp"
#include "tests/bench/load/readiness.hpp"

namespace load {

/// Connections that do the same.
class Group {
 public:
  void open(const Pattern& pattern, sockaddr_in server, std::size_t count);

  /// What they do from now on. Only while nothing is under way.
  void plan(Traffic traffic) { traffic_ = std::move(traffic); }
  Traffic& traffic() { return traffic_; }

  void start();
  /// Serves what is ready.
  void turn();
  /// Serves one connection, and not more of it than one receive.
  void short_turn();
  bool quiet() const { return traffic_.under_way == 0; }

 private:
  std::vector<std::unique_ptr<Connection>> connections_;
  Readiness readiness_;
  Connection* unfinished_ = nullptr;  // by a short turn
  Traffic traffic_;
};

}  // namespace load

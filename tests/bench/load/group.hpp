#pragma once

#include <deque>
#include <memory>
#include <vector>

#include "tests/bench/load/connection.hpp"
#include "tests/bench/load/readiness.hpp"

namespace load {

/// Connections that do the same.
class Group {
 public:
  void open(const Pattern& pattern, sockaddr_in server, std::size_t count);

  /// Sets the work that begins now. Call it only while nothing is under way.
  void plan(Traffic traffic) { traffic_ = std::move(traffic); }
  const Traffic& traffic() const { return traffic_; }

  void start();
  /// Nothing new is sent; what is under way comes back.
  void stop();
  /// One receive from each connection that is ready.
  void turn();
  /// One receive from one connection.
  void short_turn();
  bool quiet() const { return traffic_.under_way == 0; }

 private:
  void notice_ready();
  void make_ready(Connection& connection);
  void serve(std::size_t count);

  std::vector<std::unique_ptr<Connection>> connections_;
  Readiness readiness_;
  std::deque<Connection*> ready_;  // each once
  Time served_ = 0;                // when it last had its turn
  Traffic traffic_;
};

}  // namespace load

#pragma once

#include <memory>
#include <vector>

#include "tests/bench/load/connection.hpp"
#include "tests/bench/load/readiness.hpp"

namespace load {

/// So many at a time connect, echo one message, close, and again. The latency is that from the
/// connect to the echo.
class Churn {
 public:
  Churn(const Pattern& pattern, sockaddr_in server, std::size_t at_a_time);

  /// Goes on until the time, then until the last has ended. Returns what has come of it.
  Traffic run(Time until);

 private:
  void connect_next(std::size_t slot);

  const Pattern* pattern_;
  sockaddr_in server_;
  Readiness readiness_;
  std::vector<std::unique_ptr<Connection>> connections_;
  std::uint32_t opened_ = 0;
  Traffic traffic_;
};

}  // namespace load

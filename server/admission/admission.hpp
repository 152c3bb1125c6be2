#pragma once

#include "server/config/config.hpp"
#include "server/log/notice.hpp"
#include "server/net/peer.hpp"

namespace server {

/// Decides who is served, by `access` of the configuration.
class Admission {
 public:
  /// Reads the configuration each time, so a reload holds for the next client.
  Admission(coro::Scheduler& scheduler, const Config& config, EventLog& log);

  /// A refusal is logged, at most one line a second.
  bool admits(const Peer& peer);

  /// Logs the last refusals. Nobody may be asked about afterwards.
  void close() { refused_.close(); }

 private:
  const Config& config_;
  Notice refused_;
};

}  // namespace server

#pragma once

#include <gtest/gtest.h>

#include "server/status/status.hpp"

namespace server {

/// A status whose figures all differ.
class StatusTest : public testing::Test {
 protected:
  StatusTest() {
    using namespace std::chrono_literals;
    statistics_.accepted = 9;
    statistics_.active = 2;
    statistics_.peak = 5;
    statistics_.endings[static_cast<std::size_t>(Ending::closed_by_client)] = 4;
    statistics_.endings[static_cast<std::size_t>(Ending::limit)] = 3;
    statistics_.bytes_received = 1200;
    statistics_.bytes_sent = 1100;
    statistics_.reads = 17;
    statistics_.handshakes = 18;
    statistics_.failed_handshakes = 19;
    statistics_.timed_out_handshakes = 20;
    statistics_.accept_pauses = 6;
    statistics_.full_waits = 27;
    statistics_.accept_rate_waits = 28;
    statistics_.reloads = 7;
    statistics_.failed_reloads = 8;
    statistics_.upgrades = 21;
    statistics_.failed_upgrades = 22;
    statistics_.udp.received = 20;
    statistics_.udp.answered = 18;
    statistics_.udp.bytes_received = 300;
    statistics_.udp.bytes_sent = 200;
    statistics_.udp.refused(UdpRefusal::rate);
    statistics_.udp.refused(UdpRefusal::fault, 1);
    lag_.record(3us);
    lag_.record(100ms);
  }

  Status status(bool ready = true) const {
    using namespace std::chrono_literals;
    return {.statistics = statistics_,
            .scheduler_lag = lag_,
            .history = history_,
            .coroutines = {.alive = 11, .peak = 12, .spawned = 13, .failed = 14, .stacks = 15},
            .dropped_log_lines = 16,
            .ready = ready,
            .limits = {.max_connections = 23,
                       .max_connections_per_ip = 24,
                       .accept_rate = 25,
                       .udp_rate = 26},
            .full = !ready,
            .tls_connections = 29,
            .certificate_left = 36h,
            .uptime = 61999ms};
  }

  Statistics statistics_;
  program::Histogram lag_;
  History history_;
};

}  // namespace server

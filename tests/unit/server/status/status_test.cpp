#include "server/status/status.hpp"

#include <gmock/gmock.h>

#include <nlohmann/json.hpp>
#include <string>

#include "tests/unit/server/status/sample_status.hpp"

namespace server {
namespace {

using namespace std::chrono_literals;
using nlohmann::json;
using testing::ContainsRegex;

TEST_F(StatusTest, IsAFewLinesInTheLogThatTellEverything) {
  EXPECT_THAT(
      to_log_lines(status()),
      testing::ElementsAre(
          "statistics: uptime 61 s; 9 accepted, 2 active, 5 peak",
          "statistics, refused: 3 limit, 0 proxy header, 0 handshake failed, 0 not allowed",
          "statistics, ended: 4 closed by client, 0 reset by client, 0 truncated, 0 connection "
          "lost, 0 idle timeout, 0 write timeout, 0 shutdown, 0 fault, 0 failed",
          "statistics, echo: 1200 bytes in, 1100 bytes out, 17 reads",
          "statistics, udp: 20 received, 18 answered, 300 bytes in, 200 bytes out; refused: 0 not "
          "allowed, 0 source port, 0 own address, 0 multicast, 1 rate, 0 ttl, 0 no buffer, 0 "
          "unreachable, 1 fault",
          "statistics, service: 6 accept pauses, 7 reloads, 8 failed reloads, 21 upgrades, 22 "
          "failed upgrades, 16 log lines dropped",
          "statistics, scheduler: 11 coroutines, 15 stacks; lag p50 3 us, p99 100000 us, max "
          "100000 us"));
}

TEST_F(StatusTest, IsAShorterLineForTheServiceManager) {
  EXPECT_EQ(to_short_line(status()),
            "2 active, 9 accepted, 3 refused, 1200 bytes in, 1100 bytes out, 16 log lines dropped");
}

TEST_F(StatusTest, IsOneJsonObjectThatTellsTheSame) {
  const std::string text = to_json(this->status());
  EXPECT_EQ(text.find('\n'), std::string::npos);
  json status = json::parse(text);
  EXPECT_THAT(status["version"].get<std::string>(), ContainsRegex("^[0-9]+[.][0-9]+[.][0-9]+$"));
  status.erase("version");
  EXPECT_EQ(status, json::parse(R"({"ready": true, "uptime_seconds": 61,
          "limits": {"max_connections": 23, "max_connections_per_ip": 24, "accept_rate": 25,
              "udp_rate": 26},
          "full": false, "full_waits": 27, "accept_rate_waits": 28,
          "connections": {"accepted": 9, "active": 2, "peak": 5},
          "bytes": {"received": 1200, "sent": 1100}, "reads": 17, "accept_pauses": 6,
          "coroutines": {"alive": 11, "peak": 12, "spawned": 13, "failed": 14, "stacks": 15},
          "dropped_log_lines": 16, "reloads": {"done": 7, "failed": 8},
          "upgrades": {"done": 21, "failed": 22},
          "scheduler_lag_seconds":
              {"p50": 3.007e-6, "p99": 0.1, "max": 0.1, "sum": 0.100003, "count": 2},
          "tls": {"active": 29, "handshakes": 18, "failed_handshakes": 19, "timed_out_handshakes": 20,
              "certificate_days_left": 1.5},
          "refused": {"limit": 3, "proxy_header": 0, "handshake_failed": 0, "not_allowed": 0},
          "ended": {"closed_by_client": 4, "reset_by_client": 0, "truncated": 0,
              "connection_lost": 0,
              "idle_timeout": 0, "write_timeout": 0, "shutdown": 0, "fault": 0, "failed": 0},
          "udp": {"received": 20, "answered": 18, "bytes": {"received": 300, "sent": 200},
              "refused": {"not_allowed": 0, "source_port": 0, "own_address": 0, "multicast": 0,
                  "rate": 1, "ttl": 0, "no_buffer": 0, "unreachable": 0, "fault": 1}}})"));
}

}  // namespace
}  // namespace server

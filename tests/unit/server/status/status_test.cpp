#include "server/status/status.hpp"

#include <gmock/gmock.h>

#include <nlohmann/json.hpp>
#include <string>

#include "server/admin/metrics.hpp"

namespace server {
namespace {

using namespace std::chrono_literals;
using nlohmann::json;
using testing::AllOf;
using testing::ContainsRegex;
using testing::HasSubstr;
using testing::Not;

class StatusTest : public testing::Test {
 protected:
  StatusTest() {
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
    return {.statistics = statistics_,
            .scheduler_lag = lag_,
            .coroutines = {.alive = 11, .peak = 12, .spawned = 13, .failed = 14, .stacks = 15},
            .dropped_log_lines = 16,
            .ready = ready,
            .certificate_left = 36h,
            .uptime = 61s};
  }

  Statistics statistics_;
  program::Histogram lag_;
};

TEST_F(StatusTest, IsOneLineInTheLogThatTellsEverything) {
  EXPECT_EQ(
      to_log_line(status()),
      "uptime 61 s; 9 accepted, 2 active, 5 peak; refused: 3 limit, 0 proxy header, 0 "
      "handshake failed, 0 not allowed; ended: 4 "
      "closed by client, 0 reset by client, 0 truncated, 0 connection lost, 0 idle timeout, "
      "0 write "
      "timeout, 0 shutdown, 0 fault, 0 failed; 1200 bytes in, 1100 bytes out, 17 reads; 6 "
      "accept pauses, 7 reloads, 8 failed reloads; 11 coroutines, 15 stacks; 16 log lines "
      "dropped; scheduler lag p50 3 us, p99 100000 us, max 100000 us; udp: 20 received, 18 "
      "answered, 300 bytes in, 200 bytes out; refused: 0 not allowed, 0 source port, 0 own "
      "address, 0 multicast, 1 rate, 0 ttl, 0 no buffer, 0 unreachable, 1 fault; 21 upgrades, "
      "22 failed upgrades");
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
          "connections": {"accepted": 9, "active": 2, "peak": 5},
          "bytes": {"received": 1200, "sent": 1100}, "reads": 17, "accept_pauses": 6,
          "coroutines": {"alive": 11, "peak": 12, "spawned": 13, "failed": 14, "stacks": 15},
          "dropped_log_lines": 16, "reloads": {"done": 7, "failed": 8},
          "upgrades": {"done": 21, "failed": 22},
          "scheduler_lag_seconds":
              {"p50": 3.007e-6, "p99": 0.1, "max": 0.1, "sum": 0.100003, "count": 2},
          "tls": {"handshakes": 18, "failed_handshakes": 19, "timed_out_handshakes": 20,
              "certificate_days_left": 1.5},
          "refused": {"limit": 3, "proxy_header": 0, "handshake_failed": 0, "not_allowed": 0},
          "ended": {"closed_by_client": 4, "reset_by_client": 0, "truncated": 0,
              "connection_lost": 0,
              "idle_timeout": 0, "write_timeout": 0, "shutdown": 0, "fault": 0, "failed": 0},
          "udp": {"received": 20, "answered": 18, "bytes": {"received": 300, "sent": 200},
              "refused": {"not_allowed": 0, "source_port": 0, "own_address": 0, "multicast": 0,
                  "rate": 1, "ttl": 0, "no_buffer": 0, "unreachable": 0, "fault": 1}}})"));
}

TEST_F(StatusTest, IsMetricsWithHelpAndTypeBeforeTheirSamples) {
  EXPECT_THAT(
      to_prometheus(status()),
      AllOf(HasSubstr("# HELP coroecho_connections_accepted_total Connections accepted.\n"
                      "# TYPE coroecho_connections_accepted_total counter\n"
                      "coroecho_connections_accepted_total 9\n"),
            HasSubstr("# TYPE coroecho_connections_active gauge\ncoroecho_connections_active 2\n"),
            ContainsRegex("\ncoroecho_build_info[{]version=\"[0-9.]+\"[}] 1\n"),
            HasSubstr("\ncoroecho_received_bytes_total 1200\n"),
            HasSubstr("\ncoroecho_sent_bytes_total 1100\n"),
            HasSubstr("\ncoroecho_tls_handshakes_total{result=\"succeeded\"} 18\n"
                      "coroecho_tls_handshakes_total{result=\"failed\"} 19\n"
                      "coroecho_tls_handshakes_total{result=\"timed_out\"} 20\n"),
            HasSubstr("\ncoroecho_tls_certificate_days_left 1.5\n"),
            HasSubstr("\ncoroecho_coroutine_stacks 15\n"),
            HasSubstr("\ncoroecho_log_lines_dropped_total 16\n"),
            HasSubstr("\ncoroecho_upgrades_total{result=\"succeeded\"} 21\n"
                      "coroecho_upgrades_total{result=\"failed\"} 22\n"),
            HasSubstr("\ncoroecho_uptime_seconds 61\n"), HasSubstr("\ncoroecho_ready 1\n")));
  EXPECT_THAT(to_prometheus(status(false)), HasSubstr("\ncoroecho_ready 0\n"));
}

TEST_F(StatusTest, CountsNoEndingTwiceInItsMetrics) {
  EXPECT_THAT(
      to_prometheus(status()),
      AllOf(HasSubstr("\ncoroecho_connections_refused_total{reason=\"limit\"} 3\n"),
            HasSubstr("\ncoroecho_connections_ended_total{reason=\"closed_by_client\"} 4\n"),
            Not(HasSubstr("coroecho_connections_ended_total{reason=\"limit\"}")),
            Not(HasSubstr("coroecho_connections_refused_total{reason=\"fault\"}"))));
}

TEST_F(StatusTest, HasCumulativeHistogramsInSeconds) {
  lag_.record(1h);
  lag_.record(1999ns);
  EXPECT_THAT(to_prometheus(status()),
              AllOf(HasSubstr("# TYPE coroecho_scheduler_lag_seconds histogram\n"),
                    HasSubstr("\ncoroecho_scheduler_lag_seconds_bucket{le=\"2e-06\"} 1\n"
                              "coroecho_scheduler_lag_seconds_bucket{le=\"4e-06\"} 2\n"),
                    HasSubstr("{le=\"0.065536\"} 2\n"
                              "coroecho_scheduler_lag_seconds_bucket{le=\"0.131072\"} 3\n"),
                    HasSubstr("_bucket{le=\"+Inf\"} 4\n"
                              "coroecho_scheduler_lag_seconds_sum 3600.100004999\n"
                              "coroecho_scheduler_lag_seconds_count 4\n")));
}

}  // namespace
}  // namespace server

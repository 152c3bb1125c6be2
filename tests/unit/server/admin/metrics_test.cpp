#include "server/admin/metrics.hpp"

#include <gmock/gmock.h>

#include <fstream>
#include <iterator>
#include <regex>
#include <set>
#include <string>

#include "tests/unit/server/status/sample_status.hpp"

namespace server {
namespace {

using namespace std::chrono_literals;
using testing::AllOf;
using testing::ContainsRegex;
using testing::HasSubstr;
using testing::IsSupersetOf;
using testing::Not;

class MetricsTest : public StatusTest {
 protected:
  std::string metrics(bool ready = true) const { return to_prometheus(status(ready), process_); }

  const ProcessUsage process_{.cpu_seconds = 1.25,
                              .open_descriptors = 31,
                              .max_descriptors = 32,
                              .resident_bytes = 33,
                              .virtual_bytes = 34,
                              .started = 1790000000.5};
};

TEST_F(MetricsTest, HaveHelpAndTypeBeforeTheirSamples) {
  EXPECT_THAT(
      metrics(),
      AllOf(HasSubstr("# HELP coroecho_connections_accepted_total Connections accepted.\n"
                      "# TYPE coroecho_connections_accepted_total counter\n"
                      "coroecho_connections_accepted_total 9\n"),
            HasSubstr("# TYPE coroecho_connections_active gauge\ncoroecho_connections_active 2\n"),
            ContainsRegex("\ncoroecho_build_info[{]version=\"[0-9.]+\",boost=\"[0-9_]+\",compiler="
                          "\"[^\"]+\"[}] 1\n"),
            HasSubstr("\ncoroecho_received_bytes_total 1200\n"),
            HasSubstr("\ncoroecho_sent_bytes_total 1100\n"),
            HasSubstr("\ncoroecho_tls_handshakes_total{result=\"succeeded\"} 18\n"
                      "coroecho_tls_handshakes_total{result=\"failed\"} 19\n"
                      "coroecho_tls_handshakes_total{result=\"timed_out\"} 20\n"),
            HasSubstr("\ncoroecho_tls_certificate_left_seconds 129600\n"),
            HasSubstr("\ncoroecho_coroutine_stacks 15\n"),
            HasSubstr("\ncoroecho_log_lines_dropped_total 16\n"),
            HasSubstr("\ncoroecho_upgrades_total{result=\"succeeded\"} 21\n"
                      "coroecho_upgrades_total{result=\"failed\"} 22\n"),
            HasSubstr("\ncoroecho_uptime_seconds 61\n"), HasSubstr("\ncoroecho_ready 1\n")));
  EXPECT_THAT(metrics(false), HasSubstr("\ncoroecho_ready 0\n"));
}

TEST_F(MetricsTest, CountNoEndingTwice) {
  EXPECT_THAT(
      metrics(),
      AllOf(HasSubstr("\ncoroecho_connections_refused_total{reason=\"limit\"} 3\n"),
            HasSubstr("\ncoroecho_connections_ended_total{reason=\"closed_by_client\"} 4\n"),
            Not(HasSubstr("coroecho_connections_ended_total{reason=\"limit\"}")),
            Not(HasSubstr("coroecho_connections_refused_total{reason=\"fault\"}"))));
}

TEST_F(MetricsTest, HaveCumulativeHistogramsInSeconds) {
  lag_.record(1h);
  lag_.record(1999ns);
  EXPECT_THAT(metrics(),
              AllOf(HasSubstr("# TYPE coroecho_scheduler_lag_seconds histogram\n"),
                    HasSubstr("\ncoroecho_scheduler_lag_seconds_bucket{le=\"2e-06\"} 1\n"
                              "coroecho_scheduler_lag_seconds_bucket{le=\"4e-06\"} 2\n"),
                    HasSubstr("{le=\"0.065536\"} 2\n"
                              "coroecho_scheduler_lag_seconds_bucket{le=\"0.131072\"} 3\n"),
                    HasSubstr("_bucket{le=\"+Inf\"} 4\n"
                              "coroecho_scheduler_lag_seconds_sum 3600.100004999\n"
                              "coroecho_scheduler_lag_seconds_count 4\n")));
}

TEST_F(MetricsTest, HaveTheLimitsBesideTheirFigures) {
  EXPECT_THAT(metrics(), AllOf(HasSubstr("\ncoroecho_connections_limit 23\n"),
                               HasSubstr("\ncoroecho_connections_per_ip_limit 24\n"),
                               HasSubstr("\ncoroecho_accept_rate_limit 25\n"),
                               HasSubstr("\ncoroecho_udp_rate_limit 26\n"),
                               HasSubstr("\ncoroecho_full_waits_total 27\n"),
                               HasSubstr("\ncoroecho_accept_rate_waits_total 28\n"),
                               HasSubstr("\ncoroecho_tls_connections_active 29\n"),
                               HasSubstr("\ncoroecho_full 0\n")));
  EXPECT_THAT(metrics(false), HasSubstr("\ncoroecho_full 1\n"));
}

TEST_F(MetricsTest, HaveTheStandardOnesOfAProcess) {
  EXPECT_THAT(metrics(),
              AllOf(HasSubstr("# TYPE process_cpu_seconds_total counter\n"
                              "process_cpu_seconds_total 1.25\n"),
                    HasSubstr("\nprocess_open_fds 31\n"), HasSubstr("\nprocess_max_fds 32\n"),
                    HasSubstr("\nprocess_resident_memory_bytes 33\n"),
                    HasSubstr("\nprocess_virtual_memory_bytes 34\n"),
                    HasSubstr("\nprocess_start_time_seconds 1790000000.5\n")));
}

TEST_F(MetricsTest, LeaveOutTheFiguresThatTheSystemDoesNotGive) {
  const std::string metrics = to_prometheus(status(), ProcessUsage());
  EXPECT_THAT(metrics, HasSubstr("\nprocess_cpu_seconds_total 0\n"));
  EXPECT_THAT(metrics, Not(HasSubstr("_fds")));
  EXPECT_THAT(metrics, Not(HasSubstr("process_resident")));
  EXPECT_THAT(metrics, Not(HasSubstr("process_start")));
}

std::set<std::string> names_in(const std::string& text, const std::string& regex) {
  const std::regex names(regex);
  std::set<std::string> all;
  for (std::sregex_iterator name(text.begin(), text.end(), names); name != std::sregex_iterator();
       ++name)
    all.insert((*name)[1]);
  return all;
}

TEST_F(MetricsTest, AreAllListedInTheManual) {
  std::ifstream stream(MANUAL);
  const std::string manual{std::istreambuf_iterator<char>(stream), {}};
  const std::set<std::string> listed = names_in(manual, "\\*((?:coroecho|process)_[a-z_]+)\\*");
  EXPECT_THAT(listed, IsSupersetOf({"coroecho_ready", "process_open_fds"}));
  EXPECT_EQ(listed, names_in(metrics(), "# TYPE ([a-z_]+) "));
}

}  // namespace
}  // namespace server

#include "client/figures/bench_report.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <sstream>
#include <string>

namespace client {
namespace {

using namespace std::chrono_literals;
using nlohmann::json;
using testing::HasSubstr;
using testing::Not;

BenchOutcome some_outcome() {
  BenchOutcome outcome;
  outcome.elapsed = 2s;
  outcome.cpu_time = 10ms;
  outcome.results.connections = 50;
  outcome.results.messages = 1000;
  outcome.results.messages_in_time = 1000;
  outcome.results.bytes = 64000;
  for (int i = 1; i <= 1000; ++i)
    outcome.results.latency.record(i * 1us);
  outcome.results.connect_times.record(100us);
  outcome.rates = {{1s, 400, 25600}, {2s, 600, 38400}};
  return outcome;
}

BenchOutcome failed_outcome() {
  BenchOutcome outcome;
  outcome.elapsed = 1s;
  outcome.results.add_failure({FailureClass::reset, "text"});
  outcome.results.lost = 3;
  return outcome;
}

TEST(BenchOutcome, IsCleanOnlyIfSomethingCameBackAndNothingFailed) {
  EXPECT_TRUE(some_outcome().clean());
  EXPECT_FALSE(failed_outcome().clean());
  EXPECT_FALSE(BenchOutcome().clean());
  auto with_loss = some_outcome();
  with_loss.results.lost = 1;
  EXPECT_FALSE(with_loss.clean());
}

Options by_udp() {
  Options options;
  options.udp = true;
  return options;
}

BenchOutcome some_outcome_by_udp() {
  auto outcome = some_outcome();
  outcome.results.lost = 24;
  outcome.results.datagrams = {.sent = 1024, .duplicates = 2, .reordered = 3, .late = 4};
  return outcome;
}

TEST(BenchReport, CountsDatagramsByUdp) {
  const auto text = bench_text(by_udp(), some_outcome_by_udp());
  EXPECT_THAT(text, HasSubstr("localhost:8888 udp: 50 sockets, 64 B each message, 1 under way"));
  EXPECT_THAT(text, HasSubstr("  sockets      50"));
  EXPECT_THAT(text, HasSubstr("  datagrams    1024 sent, 24 lost (2.34 %), 2 duplicates, 3 "
                              "reordered, 4 late\n"));
  EXPECT_THAT(text, HasSubstr("  failures     24 echoes lost\n"));
  const auto object = json::parse(bench_json(by_udp(), some_outcome_by_udp()));
  EXPECT_EQ(object["mode"], "udp");
  EXPECT_EQ(object["sent"], 1024);
  EXPECT_EQ(object["lost"], 24);
  EXPECT_EQ(object["lost_percent"], 2.34375);
  EXPECT_EQ(object["duplicates"], 2);
  EXPECT_EQ(object["reordered"], 3);
  EXPECT_EQ(object["late"], 4);
  EXPECT_EQ(object["unsent"], 0);
  const auto csv = bench_csv(by_udp(), some_outcome_by_udp());
  EXPECT_THAT(csv, HasSubstr(",lost,sent,unsent,duplicates,reordered,late,overflowed\n"));
  EXPECT_THAT(csv, HasSubstr(",24,1024,0,2,3,4,0\n"));
}

TEST(BenchReport, SaysNothingOfDatagramsByTcp) {
  EXPECT_THAT(bench_text({}, some_outcome()), Not(HasSubstr("datagrams")));
  EXPECT_THAT(bench_json({}, some_outcome()), Not(HasSubstr("reordered")));
  EXPECT_THAT(bench_csv({}, some_outcome()), Not(HasSubstr("reordered")));
}

TEST(BenchReport, NamesDatagramsThatWereNeverSentAsAFailure) {
  auto outcome = some_outcome();
  outcome.results.datagrams.unsent = 7;
  EXPECT_FALSE(outcome.clean());
  EXPECT_THAT(bench_text(by_udp(), outcome), HasSubstr("  failures     7 never sent\n"));
}

TEST(BenchResults, AddUpOverThreads) {
  auto sum = some_outcome().results;
  sum.merge(failed_outcome().results);
  sum.merge(failed_outcome().results);
  EXPECT_EQ(sum.messages, 1000U);
  EXPECT_EQ(sum.lost, 6U);
  EXPECT_EQ(sum.failures.at(FailureClass::reset), 2U);
  EXPECT_EQ(sum.latency.count(), 1000U);
}

TEST(BenchText, HasTheFigures) {
  const auto text = bench_text({}, some_outcome());
  EXPECT_THAT(text, HasSubstr("1000, 500/s"));
  EXPECT_THAT(text, HasSubstr("31.2 KiB/s"));
  EXPECT_THAT(text, HasSubstr("10.00 us per echo"));
  EXPECT_THAT(text, HasSubstr("p99.99 1.000 ms"));
  EXPECT_THAT(text, HasSubstr("failures     none"));
  EXPECT_THAT(text, HasSubstr("###"));
}

TEST(BenchText, SaysWhatFailedAndHasNoNumbersForNothing) {
  const auto text = bench_text({}, failed_outcome());
  EXPECT_THAT(text, HasSubstr("1 reset, 3 echoes lost"));
  EXPECT_THAT(text, Not(HasSubstr("nan")));
  EXPECT_THAT(text, Not(HasSubstr("inf")));
}

TEST(BenchJson, CanBeParsedAndIsComplete) {
  const auto report = json::parse(bench_json({}, some_outcome()));
  EXPECT_EQ(report["mode"], "pingpong");
  EXPECT_EQ(report["echoes_per_second"], 500);
  EXPECT_EQ(report["latency_ms"]["max"], 1.0);
  EXPECT_EQ(report["rates"].size(), 2U);
  std::uint64_t in_histogram = 0;
  for (const auto& bucket : report["histogram"])
    in_histogram += bucket["count"].get<std::uint64_t>();
  EXPECT_EQ(in_histogram, 1000U);
  EXPECT_EQ(json::parse(bench_json({}, failed_outcome()))["failures"]["reset"], 1);
}

TEST(BenchJson, IsCompleteAlsoWhereNothingBegan) {
  BenchOutcome outcome;
  outcome.results.add_failure({FailureClass::local, "\xff: no such file"});  // no UTF-8
  const auto report = json::parse(bench_json({}, outcome));
  EXPECT_EQ(report["failure"]["class"], "local");
  EXPECT_EQ(report["failures"]["local"], 1);
  EXPECT_EQ(report["echoes"], 0);
  EXPECT_TRUE(report["latency_ms"].is_null());
  EXPECT_TRUE(report["client_cpu_us_per_echo"].is_null());
  EXPECT_TRUE(json::parse(bench_json({}, some_outcome()))["failure"].is_null());
}

TEST(BenchReports, TakeTheRateFromWhatCameBackInTime) {
  auto outcome = some_outcome();
  outcome.results.messages = 5000;  // most of them afterwards
  EXPECT_EQ(json::parse(bench_json({}, outcome))["echoes_per_second"], 500);
}

TEST(BenchCsv, HasEmptyFieldsForFiguresThatThereAreNot) {
  EXPECT_THAT(bench_csv({}, failed_outcome()), HasSubstr(",,,,,,,1,3\n"));
  EXPECT_THAT(bench_csv({}, {}), HasSubstr(",0.000,0,,,,,,,,,,0,0\n"));
}

TEST(BenchCsv, HasAValueForEachColumn) {
  for (const auto& outcome : {some_outcome(), failed_outcome()}) {
    std::istringstream lines(bench_csv({}, outcome));
    std::string header;
    std::string row;
    std::getline(lines, header);
    std::getline(lines, row);
    EXPECT_EQ(std::ranges::count(header, ','), std::ranges::count(row, ','));
    EXPECT_THAT(header, HasSubstr("p99.99_ms"));
  }
}

TEST(BenchProgress, NeverLeavesItsBar) {
  EXPECT_THAT(bench_progress_line(0s, 10s, "x", 79),
              HasSubstr("[                    ] 0.0 of 10.0 s"));
  EXPECT_THAT(bench_progress_line(5s, 10s, "x", 79), HasSubstr("[##########          ]"));
  EXPECT_THAT(bench_progress_line(11s, 10s, "x", 79), HasSubstr("[####################]"));
}

TEST(BenchProgress, NeverExceedsTheWidth) {
  const std::string rate = "101234 echoes/s  6.2 MiB/s";
  for (std::size_t width = 0; width < 120; ++width)
    EXPECT_LE(bench_progress_line(5s, 10s, rate, width).size(), width);
  EXPECT_EQ(bench_progress_line(5s, 10s, rate, 79),
            "[##########          ] 5.0 of 10.0 s  101234 echoes/s  6.2 MiB/s");
  EXPECT_EQ(bench_progress_line(5s, 10s, rate, 59),
            "[#######       ] 5.0 of 10.0 s  101234 echoes/s  6.2 MiB/s");
  EXPECT_EQ(bench_progress_line(5s, 10s, rate, 50), "5.0 of 10.0 s  101234 echoes/s  6.2 MiB/s");
}

}  // namespace
}  // namespace client

#include "client/bench/bench_report.hpp"

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
  EXPECT_THAT(bench_progress_line(0s, 10s, "x"), HasSubstr("[                    ] 0.0 of 10.0 s"));
  EXPECT_THAT(bench_progress_line(5s, 10s, "x"), HasSubstr("[##########          ]"));
  EXPECT_THAT(bench_progress_line(11s, 10s, "x"), HasSubstr("[####################]"));
}

}  // namespace
}  // namespace client

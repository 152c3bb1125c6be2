#include "client/figures/plot.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <boost/property_tree/ptree.hpp>
#include <boost/property_tree/xml_parser.hpp>
#include <set>
#include <sstream>
#include <string>
#include <vector>

namespace client {
namespace {

using namespace std::chrono_literals;
using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

// Throws if it is not well-formed.
boost::property_tree::ptree parse(const std::string& svg) {
  std::istringstream stream(svg);
  boost::property_tree::ptree tree;
  boost::property_tree::read_xml(stream, tree);
  return tree;
}

BenchOutcome outcome_to_plot() {
  BenchOutcome outcome;
  outcome.elapsed = 2s;
  outcome.results.messages = 1000;
  for (int i = 1; i <= 1000; ++i)
    outcome.results.latency.record(i * 1us);
  outcome.rates = {{1s, 400, 25600}, {2s, 600, 38400}};
  return outcome;
}

TEST(Plot, IsWellFormedAndHasBothDiagrams) {
  const auto svg = bench_svg({}, outcome_to_plot());
  EXPECT_EQ(parse(svg).get<std::string>("svg.<xmlattr>.xmlns"), "http://www.w3.org/2000/svg");
  EXPECT_THAT(svg, HasSubstr("class=\"bar\""));
  EXPECT_THAT(svg, HasSubstr("p99.99 1.000 ms"));
  EXPECT_THAT(svg, HasSubstr("<polyline"));
}

TEST(Plot, PutsEachPercentileOnALineOfItsOwnAboveTheBars) {
  const auto svg = parse(bench_svg({}, outcome_to_plot())).get_child("svg");
  double highest_bar = 1e9;
  std::set<double> labels;
  for (const auto& [kind, element] : svg) {
    const auto y = element.get<double>("<xmlattr>.y", 0);
    if (kind == "rect" && element.get("<xmlattr>.class", "") == std::string("bar"))
      highest_bar = std::min(highest_bar, y);
    if (kind == "text" && element.data().starts_with("p")) labels.insert(y);
  }
  EXPECT_EQ(labels.size(), 5U);
  EXPECT_LE(*labels.rbegin(), highest_bar);
}

// The texts of elements of that class, in their order.
std::vector<std::string> texts(const std::string& svg, const std::string& kind) {
  const auto tree = parse(svg);
  std::vector<std::string> found;
  for (const auto& [name, element] : tree.get_child("svg"))
    if (name == "text" && element.get("<xmlattr>.class", "") == kind)
      found.push_back(element.data());
  return found;
}

TEST(Plot, HasRoundTicksWithUnitsOnBothAxes) {
  auto outcome = outcome_to_plot();
  outcome.results.latency.record(20us);
  const auto svg = bench_svg({}, outcome);
  EXPECT_THAT(texts(svg, "middle"), ElementsAre("1 µs", "10 µs", "100 µs", "1 ms", "0 s", "0.5 s",
                                                "1 s", "1.5 s", "2 s"));
  EXPECT_THAT(texts(svg, "end"),
              ElementsAre("0", "50", "100", "150", "0", "100", "200", "300", "400", "500", "600"));
  EXPECT_THAT(texts(svg, "middle name"),
              ElementsAre("latency, on a logarithmic scale", "echoes", "time", "echoes/s"));
}

TEST(Plot, CountsMinutesAndHoursOfALongRun) {
  auto outcome = outcome_to_plot();
  outcome.rates = {{10min, 400, 25600}, {20min, 600, 38400}};
  EXPECT_THAT(bench_svg({}, outcome), HasSubstr(">20 min<"));
  outcome.rates.push_back({10h, 600, 38400});
  EXPECT_THAT(bench_svg({}, outcome), HasSubstr(">10 h<"));
}

TEST(Plot, HasACaptionWithTheTargetTheSettingsTheResultsAndTheTime) {
  Options options;
  options.target.host = "echo.example";
  auto outcome = outcome_to_plot();
  outcome.start = std::chrono::system_clock::from_time_t(1795769776);
  outcome.results.messages_in_time = 1000;
  const auto svg = bench_svg(options, outcome);
  EXPECT_THAT(texts(svg, "title"), ElementsAre("echo.example:8888 pingpong"));
  EXPECT_THAT(texts(svg, ""),
              ElementsAre("50 connections, 64 B each message, 1 under way, 1 thread, 10 s",
                          "1000 echoes, 500/s, 0 B/s each way, failures: none",
                          StartsWith("2026-11-27 08:56:16 UTC, coroecho-client ")));
}

TEST(Plot, ReportsFailuresAndAnEarlyEnd) {
  auto outcome = outcome_to_plot();
  outcome.interrupted = true;
  outcome.results.lost = 3;
  outcome.results.failures[FailureClass::reset] = 2;
  const auto svg = bench_svg({}, outcome);
  EXPECT_THAT(svg, HasSubstr("failures: 2 reset,</text>"));
  EXPECT_THAT(svg, HasSubstr(">3 echoes lost</text>"));
  EXPECT_THAT(svg, HasSubstr(">interrupted after 2 s</text>"));
}

TEST(Plot, BreaksALongCaptionAndSqueezesALongName) {
  Options options;
  options.target.host = std::string(200, 'x');
  options.bench.connections = 100'000;
  options.bench.rate = 250'000;
  const auto svg = bench_svg(options, outcome_to_plot());
  for (const auto& line : texts(svg, ""))
    EXPECT_LE(line.size(), 62U) << line;
  EXPECT_THAT(svg, HasSubstr("textLength=\"448\""));
}

TEST(Plot, HasTheSameBackgroundEverywhereInTheDarkToo) {
  const auto svg = bench_svg({}, outcome_to_plot());
  EXPECT_THAT(svg, HasSubstr(":root{background:#fff;"));
  const auto dark = svg.substr(svg.find("@media(prefers-color-scheme:dark)"));
  EXPECT_THAT(dark.substr(0, dark.find("</style>")),
              AllOf(HasSubstr(":root{background:#181a20}"), HasSubstr(".page{fill:#181a20}"),
                    Not(HasSubstr("#fff"))));
}

TEST(Plot, ShrinksToTheWidthOfAPhone) {
  const auto svg = bench_svg({}, outcome_to_plot());
  EXPECT_LE(parse(svg).get<int>("svg.<xmlattr>.width"), 480);
  EXPECT_THAT(svg, HasSubstr("max-width:100%;height:auto"));
}

TEST(Plot, KeepsEveryLabelOnThePageWhereverTheTimesAre) {
  for (const auto time :
       std::initializer_list<std::chrono::nanoseconds>{0ns, 1ns, 999us, 1234567ns, 10s, 5h}) {
    auto outcome = outcome_to_plot();
    outcome.results.latency = {};
    outcome.results.latency.record(time);
    outcome.results.latency.record(time + 10ns);
    const auto svg = bench_svg({}, outcome);
    const auto tree = parse(svg);
    for (const auto& [name, element] : tree.get_child("svg")) {
      if (name != "text" || !element.get_optional<double>("<xmlattr>.x")) continue;
      const auto x = element.get<double>("<xmlattr>.x");
      const double length = 7.5 * static_cast<double>(element.data().size());
      const auto kind = element.get<std::string>("<xmlattr>.class");

      const double left = kind.starts_with("end")      ? x - length
                          : kind.starts_with("middle") ? x - length / 2
                                                       : x;
      EXPECT_GE(left, 0) << element.data();
      if (!kind.empty() && kind != "heading") {
        EXPECT_LE(left + length, 490) << element.data();
      }
    }
    EXPECT_GE(texts(svg, "middle").size(), 3U);
    EXPECT_THAT(svg, Not(HasSubstr("nan")));
  }
}

TEST(Plot, NeedsNoOtherFile) {
  const auto svg = bench_svg({}, outcome_to_plot());
  EXPECT_THAT(svg, Not(HasSubstr("href")));
  EXPECT_THAT(svg, Not(HasSubstr("url(")));
  EXPECT_THAT(svg, Not(HasSubstr("@import")));
}

TEST(Plot, IsWellFormedWhateverTheHostIsCalled) {
  Options options;
  options.target.host = "<a>&\"b\"";
  const auto svg = bench_svg(options, outcome_to_plot());
  EXPECT_NO_THROW(parse(svg));
  EXPECT_THAT(svg, HasSubstr("&lt;a&gt;&amp;\"b\""));  // an ampersand alone is read all the same
}

TEST(Plot, HasNoNumbersForNothing) {
  const auto svg = bench_svg({}, {});
  EXPECT_NO_THROW(parse(svg));
  EXPECT_THAT(svg, Not(HasSubstr("nan")));
  EXPECT_THAT(svg, Not(HasSubstr("inf\"")));
}

TEST(Plot, ShowsASingleEcho) {
  BenchOutcome outcome;
  outcome.elapsed = 1s;
  outcome.results.messages = 1;
  outcome.results.latency.record(1ms);
  const auto svg = bench_svg({}, outcome);
  EXPECT_NO_THROW(parse(svg));
  EXPECT_THAT(svg, HasSubstr("class=\"bar\""));
  EXPECT_THAT(svg, Not(HasSubstr("nan")));
}

}  // namespace
}  // namespace client

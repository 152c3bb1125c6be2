#include "client/figures/plot.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <boost/property_tree/ptree.hpp>
#include <boost/property_tree/xml_parser.hpp>
#include <set>
#include <sstream>
#include <string>

namespace client {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;
using testing::Not;

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
  EXPECT_THAT(svg, HasSubstr("p99.99 1.000"));
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

TEST(Plot, NeedsNoOtherFile) {
  const auto svg = bench_svg({}, outcome_to_plot());
  EXPECT_THAT(svg, Not(HasSubstr("href")));
  EXPECT_THAT(svg, Not(HasSubstr("url(")));
  EXPECT_THAT(svg, Not(HasSubstr("@import")));
}

TEST(Plot, IsWellFormedWhateverTheHostIsCalled) {
  Options options;
  options.target.host = "<a>&\"b\"";
  EXPECT_NO_THROW(parse(bench_svg(options, outcome_to_plot())));
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

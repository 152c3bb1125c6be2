#include "client/cli/ping_options.hpp"

#include <gtest/gtest.h>

#include <vector>

namespace client {
namespace {

using namespace std::chrono_literals;

boost::system::result<Options, EarlyExit> parse(std::vector<const char*> arguments) {
  arguments.insert(arguments.begin(), {"coroecho-client", "--ping"});
  return parse_options(static_cast<int>(arguments.size()), arguments.data());
}

PingOptions accepted(const std::vector<const char*>& arguments) {
  const auto parsed = parse(arguments);
  if (!parsed) ADD_FAILURE() << parsed.error().error;
  return parsed ? parsed->ping : PingOptions();
}

TEST(PingOptions, TakeIntervalsFromTenMicrosecondsOnOrNone) {
  EXPECT_EQ(accepted({"-i", "500us"}).interval, 500us);
  EXPECT_EQ(accepted({"-i", "10us"}).interval, 10us);
  EXPECT_EQ(accepted({"-i", "0.00001"}).interval, 10us);
  EXPECT_EQ(accepted({"-i", "0us"}).interval, 0us);
  EXPECT_EQ(parse({"-i", "9us"}).error().error.find("-i,--interval: found \"9us\", expected 0, or"),
            0U);
}

TEST(PingOptions, StampLinesIfAsked) {
  EXPECT_FALSE(accepted({}).timestamps);
  EXPECT_TRUE(accepted({"-D"}).timestamps);
}

TEST(CheckOptions, TakeARoundTripALossOrBoth) {
  const auto both = accepted({"--warning", "50ms,1%", "--critical=0.2s,5.5%"});
  EXPECT_TRUE(both.check);
  EXPECT_EQ(both.warning.round_trip, Duration(50ms));
  EXPECT_EQ(both.warning.loss, 1.0);
  EXPECT_EQ(both.critical.round_trip, Duration(200ms));
  EXPECT_EQ(both.critical.loss, 5.5);
  EXPECT_EQ(accepted({"--warning", "50ms"}).warning.loss, std::nullopt);
  EXPECT_EQ(accepted({"--critical", "5%"}).critical.round_trip, std::nullopt);
  EXPECT_FALSE(accepted({}).check);
}

TEST(CheckOptions, AskFiveTimesUnlessACountOrADeadlineIsGiven) {
  EXPECT_EQ(accepted({"--warning", "50ms"}).count, 5U);
  EXPECT_EQ(accepted({"--warning", "50ms", "-c", "2"}).count, 2U);
  EXPECT_EQ(accepted({"--warning", "50ms", "-w", "2"}).count, std::nullopt);
  EXPECT_EQ(accepted({}).count, std::nullopt);
}

TEST(CheckOptions, RefuseOtherFormsAndOrdersForTheMonitoringSystem) {
  for (const char* const limits : {"", ",", "1%,50ms", "50ms,", ",1%", "50ms,1", "1%%", "-1%",
                                   "101%", "50ms,1%,2", "x,1%", "50ms, 1%", "nan%", "50%ms"}) {
    const auto parsed = parse({"--warning", limits});
    ASSERT_FALSE(parsed) << limits;
    EXPECT_TRUE(parsed.error().of_check);
    EXPECT_TRUE(parsed.error().error.starts_with("--warning")) << parsed.error().error;
  }
}

TEST(CheckOptions, RefuseARoundTripWithoutAUnitAndNameTheUnit) {
  for (const std::string limits : {"50,1%", "50", "0.05,1%", "0,1%"}) {
    EXPECT_EQ(parse({"--warning", limits.c_str()}).error().error,
              "--warning: found \"" + limits +
                  "\", expected RTT,LOSS% or one of the two, RTT with a unit: 50ms,1%");
  }
}

TEST(CheckOptions, RefuseAWarningBeyondCritical) {
  EXPECT_FALSE(parse({"--warning", "300ms,1%", "--critical", "200ms,5%"}));
  EXPECT_FALSE(parse({"--warning", "50ms,6%", "--critical", "200ms,5%"}));
  accepted({"--warning", "200ms,5%", "--critical", "200ms,5%"});
  accepted({"--warning", "300ms", "--critical", "5%"});
}

TEST(CheckOptions, RefuseOtherOutput) {
  EXPECT_FALSE(parse({"--warning", "1%", "--json"}));
  EXPECT_FALSE(parse({"--critical", "1%", "--udp", "--mtu"}));
}

TEST(CheckOptions, AreNamedAsTheReasonAlsoWhereAnotherOptionIsWrong) {
  EXPECT_TRUE(parse({"--warning=1%", "--bogus"}).error().of_check);
  EXPECT_FALSE(parse({"--bogus"}).error().of_check);
}

}  // namespace
}  // namespace client

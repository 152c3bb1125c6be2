#include "client/ping/check.hpp"

#include <gtest/gtest.h>

namespace client {
namespace {

using namespace std::chrono_literals;

Options with_limits() {
  Options options;
  options.target = {"localhost", "8888"};
  options.ping.warning = {50ms, 1.0};
  options.ping.critical = {200ms, 5.0};
  return options;
}

PingTally tally(std::uint64_t received, std::uint64_t lost, std::chrono::nanoseconds time = 123us) {
  PingTally tally;
  tally.sent = received + lost;
  tally.received = received;
  tally.lost = lost;
  for (std::uint64_t i = 0; i < received; ++i)
    tally.round_trips.record(time);
  return tally;
}

CheckState state(const PingTally& tally, const std::optional<Failure>& failure = {},
                 bool interrupted = false) {
  return check(with_limits(), tally, failure, interrupted).state;
}

TEST(Check, IsOneLineWithTheStateTheCountsAndPerformanceData) {
  EXPECT_EQ(check(with_limits(), tally(5, 0), {}, false).line,
            "OK - localhost:8888: 5 sent, 5 received, 0% loss, round trip 0.123 ms"
            "|rta=0.123ms;50;200;0 pl=0%;1;5;0;100");
}

TEST(Check, LeavesALimitThatIsNotGivenEmpty) {
  auto options = with_limits();
  options.ping.warning = {500us, std::nullopt};
  options.ping.critical = {};
  const auto line = check(options, tally(2, 1), {}, false).line;
  EXPECT_EQ(line.substr(line.find('|')), "|rta=0.123ms;0.5;;0 pl=33.333333%;;;0;100");
}

TEST(Check, ReachesALimitAtItsValue) {
  EXPECT_EQ(state(tally(5, 0, 49ms)), CheckState::ok);
  EXPECT_EQ(state(tally(5, 0, 50ms)), CheckState::warning);
  EXPECT_EQ(state(tally(5, 0, 200ms)), CheckState::critical);
  EXPECT_EQ(state(tally(199, 1)), CheckState::ok);
  EXPECT_EQ(state(tally(99, 1)), CheckState::warning);
  EXPECT_EQ(state(tally(95, 5)), CheckState::critical);
}

TEST(Check, TakesALimitOf0PercentForAnyLoss) {
  auto options = with_limits();
  options.ping.warning = {std::nullopt, 0.0};
  EXPECT_EQ(check(options, tally(5, 0), {}, false).state, CheckState::ok);
  EXPECT_EQ(check(options, tally(999, 1), {}, false).state, CheckState::warning);
}

TEST(Check, IsCriticalIfAnEchoCameBackChanged) {
  auto changed = tally(5, 0);
  changed.mismatched = 1;
  EXPECT_EQ(state(changed), CheckState::critical);
  EXPECT_NE(check(with_limits(), changed, {}, false).line.find("1 mismatched"), std::string::npos);
}

TEST(Check, IsCriticalWithoutAnEchoWhateverTheLimits) {
  auto options = with_limits();
  options.ping.warning = options.ping.critical = {};
  const auto none = check(options, tally(0, 3), {}, false);
  EXPECT_EQ(none.state, CheckState::critical);
  EXPECT_EQ(none.line.substr(none.line.find('|')), "|rta=U;;;0 pl=100%;;;0;100");
  EXPECT_EQ(state(tally(0, 0)), CheckState::critical);
}

TEST(Check, IsCriticalWithoutAConnectionAndNamesTheFailure) {
  const Failure refused{FailureClass::refused, "nothing listens"};
  const auto none = check(with_limits(), tally(0, 0), refused, false);
  EXPECT_EQ(none.state, CheckState::critical);
  EXPECT_EQ(none.line,
            "CRITICAL - localhost:8888: no echo sent (refused: nothing listens)"
            "|rta=U;50;200;0 pl=U;1;5;0;100");
}

TEST(Check, IsUnknownIfTheNameOrThisMachineIsTheReason) {
  EXPECT_EQ(state(tally(0, 0), Failure{FailureClass::dns, "no address"}), CheckState::unknown);
  EXPECT_EQ(state(tally(0, 1), Failure{FailureClass::local, "no port"}), CheckState::unknown);
}

TEST(Check, IsUnknownIfASignalEndsItBeforeAnythingIsDecided) {
  EXPECT_EQ(state(tally(0, 0), {}, true), CheckState::unknown);
  EXPECT_EQ(state(tally(0, 1), {}, true), CheckState::critical);
  EXPECT_EQ(state(tally(1, 0), {}, true), CheckState::ok);
}

TEST(Check, LetsNoNameForgePerformanceDataOrLines) {
  auto options = with_limits();
  options.target.host = "a|rta=0ms\nb";
  const auto line = check(options, tally(1, 0), {}, false).line;
  EXPECT_EQ(line.find('|'), line.find("|rta=0.123ms"));
  EXPECT_EQ(line.find('\n'), std::string::npos);
}

TEST(Check, ThatCannotBeginIsUnknown) {
  const auto unknown = unknown_check({FailureClass::usage, "--warning: found \"x|y\""});
  EXPECT_EQ(unknown.exit_status(), 3);
  EXPECT_EQ(unknown.line, "UNKNOWN - usage: --warning: found \"x/y\"");
}

}  // namespace
}  // namespace client

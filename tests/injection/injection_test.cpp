// Whatever the system refuses the service, once or for good: it does not crash, hang, spin, go deaf
// or die without a word.
#include <gtest/gtest.h>

#include <sys/syscall.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <iostream>
#include <map>
#include <stdexcept>
#include <string>
#include <tuple>
#include <vector>

#include "tests/injection/life.hpp"

namespace injection {
namespace {

// The occurrences of one call in a phase that are tried: at most `most`, evenly spread.
// INJECTION=all tries them all, INJECTION=7 at most 7, INJECTION=read=7 the seventh read(2) alone.
std::vector<std::uint64_t> chosen(int call, std::uint64_t occurrences, std::uint64_t most) {
  const char* variable = std::getenv("INJECTION");
  const std::string wanted = variable == nullptr ? "" : variable;
  if (const std::size_t name = wanted.find('='); name != std::string::npos) {
    if (wanted.substr(0, name) != name_of(call)) return {};
    return {std::stoull(wanted.substr(name + 1))};
  }
  if (wanted == "all") {
    most = occurrences;
  } else if (!wanted.empty()) {
    most = std::stoull(wanted);
  }

  std::vector<std::uint64_t> all;
  const std::uint64_t number = std::min(occurrences, most);
  for (std::uint64_t i = 0; i < number; ++i)
    all.push_back(1 + i * occurrences / number);
  return all;
}

// To load the configuration takes nine of ten allocations of a start and a reload, and more of an
// upgrade, for which a child that is asked and the new program load it with their options. Each
// time that is the same code, all of whose allocations are tried once at a start. Elsewhere
// whichever fails has one result: the start of a daemon, the reload or the child is refused, or the
// new program ends. So of each loading this many are tried, evenly spread, and all that come
// before, between and after; more at a start where they fail for good, which other code explains.
constexpr std::size_t most_of_a_loading = 50;
constexpr std::size_t most_of_a_loading_for_good = 500;

std::vector<std::uint64_t> thinned(const std::vector<std::uint64_t>& occurrences,
                                   const Loading& loading, std::size_t most) {
  const auto first = std::ranges::upper_bound(occurrences, loading.begin);
  const auto last = std::ranges::upper_bound(occurrences, loading.end);
  const auto number = static_cast<std::size_t>(last - first);
  const std::size_t tried = std::min(number, most);
  std::vector<std::uint64_t> left(occurrences.begin(), first);
  for (std::size_t i = 0; i < tried; ++i)
    left.push_back(*(first + static_cast<std::ptrdiff_t>(i * number / tried)));
  left.insert(left.end(), last, occurrences.end());
  return left;
}

// Counts the calls of a phase in which nothing fails.
Calls calls_of(Phase phase, Kind kind) {
  Life life({.phase = phase}, kind);
  const std::string wrong = life.go();
  if (!wrong.empty() || life.exit_code() != 0)
    throw std::runtime_error("without a fault: " + wrong + life.text());
  return life.calls().at(phase);
}

// At most so many occurrences of each call, or of allocations.
std::vector<Point> points(Phase phase, bool for_good, Kind kind, std::uint64_t most) {
  std::vector<Point> points;
  const Calls calls = calls_of(phase, kind);
  for (const auto& [call, number] : calls.counts) {
    if ((call == allocation) == kind.system_calls) continue;
    const int error = call == allocation ? 0 : plausible_error(call);
    std::vector<std::uint64_t> occurrences = chosen(call, number, most);
    const bool starts = phase == Phase::start && !kind.daemon;
    if (call == allocation && (!starts || for_good))
      for (const Loading& loading : calls.loadings)
        occurrences =
            thinned(occurrences, loading, starts ? most_of_a_loading_for_good : most_of_a_loading);
    for (const std::uint64_t occurrence : occurrences)
      points.push_back({phase, call, occurrence, for_good, error});
  }
  return points;
}

// How often the service ended with which exit code.
using ExitCodes = std::map<int, std::size_t>;

ExitCodes expect_none_bad(const std::vector<Point>& points, Kind kind) {
  ExitCodes exit_codes;
  int reached = 0;
  int bad = 0;
  for (const Point& point : points) {
    Life life(point, kind);
    const std::string wrong = life.go();
    EXPECT_EQ("", wrong);
    bad += wrong.empty() ? 0 : 1;
    reached += life.failed() ? 1 : 0;
    ++exit_codes[life.exit_code()];
  }
  EXPECT_GT(reached, 0);
  std::cout << points.size() << " points tried, " << reached << " reached, " << bad
            << " bad; exit codes:";
  for (const auto& [code, number] : exit_codes)
    std::cout << ' ' << number << " x " << code;
  std::cout << '\n';
  return exit_codes;
}

class Injection : public testing::TestWithParam<std::tuple<Phase, bool>> {
 protected:
  Phase phase() const { return std::get<0>(GetParam()); }
  bool for_good() const { return std::get<1>(GetParam()); }
};

TEST_P(Injection, OfASystemCallNeverKillsHangsSpinsOrSilences) {
  constexpr Kind kind{.system_calls = true};
  expect_none_bad(points(phase(), for_good(), kind, for_good() ? 1 : 2), kind);
}

TEST_P(Injection, OfAnAllocationNeverKillsHangsSpinsOrSilences) {
  constexpr Kind kind{.system_calls = false};
  expect_none_bad(points(phase(), for_good(), kind, 10), kind);
}

INSTANTIATE_TEST_SUITE_P(Phases, Injection,
                         testing::Combine(testing::ValuesIn(all_phases), testing::Bool()),
                         [](const auto& parameters) {
                           return to_string(std::get<0>(parameters.param)) +
                                  (std::get<1>(parameters.param) ? "ForGood" : "Once");
                         });

class InterruptedSleep : public testing::TestWithParam<Phase> {};

// SIGSTOP and SIGCONT interrupt it (signal(7)).
TEST_P(InterruptedSleep, ChangesNothing) {
  constexpr Kind kind{.system_calls = true};
  std::vector<Point> sleeps;
  for (Point point : points(GetParam(), false, kind, 3)) {
    if (point.call != SYS_epoll_pwait && name_of(point.call) != "epoll_wait") continue;
    point.error = EINTR;
    sleeps.push_back(point);
  }
  const std::size_t all = sleeps.size();
  EXPECT_EQ((ExitCodes{{0, all}}), expect_none_bad(sleeps, kind));
}

INSTANTIATE_TEST_SUITE_P(Phases, InterruptedSleep, testing::ValuesIn(all_phases),
                         [](const auto& phase) { return to_string(phase.param); });

TEST(InjectionOfASleep, IsExplainedHoweverOftenTheServiceIsAskedToStopMeanwhile) {
  std::vector<Point> sleeps;
  for (const Point& point : points(Phase::stop, true, {.system_calls = true}, 1)) {
    if (name_of(point.call) == "epoll_wait") sleeps.resize(10, point);
  }
  const std::size_t all = sleeps.size();
  EXPECT_EQ((ExitCodes{{70, all}}),
            expect_none_bad(sleeps, {.system_calls = true, .impatient = true}));
}

// The program before it is gone by then. On a busy machine it makes a few allocations more than
// were counted, so none of these is near the first or the last of those that load.
TEST(InjectionOfAnUpgrade, WhileTheNewProgramLoadsItsConfigurationLosesNobody) {
  constexpr Kind kind{.system_calls = false};
  const Loading loading =
      calls_of(Phase::upgrade, kind).loadings.at(1);  // the first is the child's
  constexpr std::uint64_t tried = 12;
  std::vector<Point> points;
  for (std::uint64_t i = 0; i < tried; ++i) {
    const std::uint64_t middle = (2 * i + 1) * (loading.end - loading.begin) / (2 * tried);
    points.push_back({.phase = Phase::upgrade, .occurrence = loading.begin + middle});
  }
  EXPECT_EQ((ExitCodes{{0, tried}}), expect_none_bad(points, kind));
}

TEST(InjectionOfADaemon, AtItsStartIsReportedToWhoStartsIt) {
  constexpr Kind kind{.system_calls = true, .daemon = true};
  expect_none_bad(points(Phase::start, false, kind, 2), kind);
}

TEST(InjectionOfADaemon, OfAnAllocationAtItsStartIsReportedToWhoStartsIt) {
  constexpr Kind kind{.system_calls = false, .daemon = true};
  expect_none_bad(points(Phase::start, false, kind, 8), kind);
}

}  // namespace
}  // namespace injection

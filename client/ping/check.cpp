#include "client/ping/check.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <boost/algorithm/string/replace.hpp>
#include <boost/algorithm/string/trim.hpp>

#include "client/output/rendering.hpp"
#include "client/output/units.hpp"

namespace client {
namespace {

constexpr std::array names = {"OK", "WARNING", "CRITICAL", "UNKNOWN"};

// Performance data knows digits and a point, and no exponent.
std::string plain(double number) {
  auto text = fmt::format("{:.6f}", number);
  boost::algorithm::trim_right_if(text, [](char c) { return c == '0'; });
  boost::algorithm::trim_right_if(text, [](char c) { return c == '.'; });
  return text;
}

std::string limit(const std::optional<double>& value) {
  return value ? plain(*value) : std::string();
}

std::string limit(const std::optional<Duration>& value) {
  return value ? plain(milliseconds(*value)) : std::string();
}

// label=value[UOM];[warn];[crit];[min];[max], where U stands for a value that nobody knows.
std::string performance_data(const PingOptions& ping, const PingTally& tally) {
  const auto& times = tally.round_trips;
  const auto rta =
      times.empty() ? std::string("U") : fmt::format("{:.3f}ms", milliseconds(times.mean()));
  const bool is_settled = tally.sent > tally.under_way;
  const auto loss = is_settled ? plain(tally.loss()) + "%" : std::string("U");
  return fmt::format("rta={};{};{};0 pl={};{};{};0;100", rta, limit(ping.warning.round_trip),
                     limit(ping.critical.round_trip), loss, limit(ping.warning.loss),
                     limit(ping.critical.loss));
}

// A limit of 0% is any loss at all.
bool reaches(const PingTally& tally, const CheckLimits& limits) {
  const bool is_slow = limits.round_trip && tally.round_trips.mean() >= *limits.round_trip;
  return is_slow || (limits.loss && tally.lost > 0 && tally.loss() >= *limits.loss);
}

CheckState state_without_echo(const std::optional<Failure>& failure, bool nothing_lost,
                              bool interrupted) {
  const bool is_of_the_checker =
      failure && (failure->kind == FailureClass::dns || failure->kind == FailureClass::local);
  const bool undecided = !failure && nothing_lost && interrupted;
  return is_of_the_checker || undecided ? CheckState::unknown : CheckState::critical;
}

CheckState state_of(const PingOptions& ping, const PingTally& tally,
                    const std::optional<Failure>& failure, bool interrupted) {
  if (tally.mismatched > 0) return CheckState::critical;
  if (tally.received == 0) return state_without_echo(failure, tally.lost == 0, interrupted);
  if (reaches(tally, ping.critical)) return CheckState::critical;
  return reaches(tally, ping.warning) ? CheckState::warning : CheckState::ok;
}

std::string counts_text(const Options& options, const PingTally& tally) {
  auto text = fmt::format("{}: ", options.target.name());
  if (tally.sent == 0) return text + "no echo sent";
  text +=
      fmt::format("{} sent, {} received, {:.4g}% loss", tally.sent, tally.received, tally.loss());
  if (tally.mismatched > 0) text += fmt::format(", {} mismatched", tally.mismatched);
  if (!tally.round_trips.empty()) text += ", round trip " + time_text(tally.round_trips.mean());
  return text;
}

// Everything after a | is performance data.
std::string first_line(CheckState state, const std::string& text) {
  auto line = fmt::format("{} - {}", names.at(static_cast<std::size_t>(state)), escaped(text));
  std::ranges::replace(line, '|', '/');
  return line;
}

}  // namespace

Check check(const Options& options, const PingTally& tally, const std::optional<Failure>& failure,
            bool interrupted) {
  const auto state = state_of(options.ping, tally, failure, interrupted);
  auto text = counts_text(options, tally);
  if (failure) text += fmt::format(" ({}: {})", name_of(failure->kind), failure->text);
  return {state, first_line(state, text) + '|' + performance_data(options.ping, tally)};
}

Check unknown_check(const Failure& failure) {
  return {
      CheckState::unknown,
      first_line(CheckState::unknown, fmt::format("{}: {}", name_of(failure.kind), failure.text))};
}

}  // namespace client

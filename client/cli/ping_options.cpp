#include "client/cli/ping_options.hpp"

#include <string_view>

#include "client/cli/values.hpp"

namespace client {
namespace {

using program::Spelling;

constexpr std::size_t most_echoes = 1'000'000'000;

// An echo costs about as much as the shortest: with less the next one would always be late.
std::optional<Duration> parse_interval(std::string_view text) {
  constexpr Duration shortest_interval = std::chrono::microseconds(10);
  const auto time = program::parse_duration(text, Spelling::free);
  return time == Duration::zero() ? time : within(time, shortest_interval, longest_time);
}

// A plain number is seconds elsewhere, but milliseconds in check_ping and check_icmp: it is
// refused.
std::optional<Duration> parse_round_trip(std::string_view text) {
  if (text.find_first_not_of("0123456789.") == std::string_view::npos) return std::nullopt;
  return within(program::parse_duration(text, Spelling::free), Duration::zero(), longest_time);
}

std::optional<double> parse_loss(std::string_view text) {
  constexpr double all = 100;
  if (!text.ends_with('%')) return std::nullopt;
  text.remove_suffix(1);
  return within(program::parse_number(text), 0.0, all);
}

// RTT,LOSS% or one of the two.
std::optional<CheckLimits> parse_limits(std::string_view text) {
  CheckLimits limits;
  const auto comma = text.find(',');
  if (comma == std::string_view::npos && text.ends_with('%')) {
    limits.loss = parse_loss(text);
    return limits.loss ? std::optional(limits) : std::nullopt;
  }
  limits.round_trip = parse_round_trip(text.substr(0, comma));
  if (!limits.round_trip) return std::nullopt;
  if (comma == std::string_view::npos) return limits;
  limits.loss = parse_loss(text.substr(comma + 1));
  return limits.loss ? std::optional(limits) : std::nullopt;
}

void add_limits(CLI::App& app, const std::string& name, CheckLimits& limits,
                const std::string& text) {
  add(app, name, "RTT,LOSS%", limits, text, "RTT,LOSS% or one of the two, RTT with a unit: 50ms,1%",
      parse_limits);
  app.get_option(name)->excludes("--json", "--mtu");
}

template <typename Value>
bool is_beyond(const std::optional<Value>& warning, const std::optional<Value>& critical) {
  return warning && critical && *warning > *critical;
}

}  // namespace

void add_ping(CLI::App& app, PingOptions& ping) {
  add_number(app, "-c,--count", ping.count, "Stop after so many", most_echoes);
  add(app, "-i,--interval", "TIME", ping.interval,
      "From one to the next (1s); 0: when the one before has come back",
      "0, or a time from 10us to 100 days: 0.5, 500us, 20ms, 2s", parse_interval);
  add_time(app, "-w,--deadline", ping.deadline, "Stop after this time");
  app.add_flag("-D,--timestamps", ping.timestamps, "Begin each line with the time, as ping(8)")
      ->option_text(" ");
  app.add_flag("-q,--quiet", ping.quiet, "Only the summary")->option_text(" ");
  auto* const mtu = app.add_flag("--mtu", ping.mtu, "Find the largest datagram that comes back");
  mtu->needs("--udp")->excludes("--size", "--count", "--interval")->option_text(" ");
  add_limits(app, "--warning", ping.warning,
             "One line and exit status for a monitoring system: 1\n"
             "from this mean round trip or loss on, as 50ms,1%");
  add_limits(app, "--critical", ping.critical, "The same, for exit status 2");
}

void take_check(const CLI::App& app, PingOptions& ping) {
  ping.check = app.count("--warning") > 0 || app.count("--critical") > 0;
  if (!ping.check) return;
  if (is_beyond(ping.warning.round_trip, ping.critical.round_trip) ||
      is_beyond(ping.warning.loss, ping.critical.loss))
    throw CLI::ValidationError("--warning", "is beyond --critical");
  ping.quiet = true;
  if (!ping.count && !ping.deadline) ping.count = usual_check_count;
}

}  // namespace client

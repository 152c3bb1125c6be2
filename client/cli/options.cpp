#include "client/cli/options.hpp"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <array>
#include <boost/algorithm/string/case_conv.hpp>
#include <charconv>
#include <cstdint>
#include <cstdlib>
#include <map>
#include <sstream>
#include <stdexcept>

#include "client/output/quantity.hpp"
#include "client/output/rendering.hpp"

namespace client {
namespace {

constexpr int usage_error = 2;
constexpr std::size_t largest_message = std::size_t{64} << 20U;
constexpr std::size_t largest_ping = std::size_t{1} << 20U;
constexpr std::size_t most_connections = 1'000'000;
constexpr Duration shortest_time = std::chrono::milliseconds(1);
constexpr double lowest_rate = 0.001;
constexpr double highest_rate = 1e9;

const char* const description =
    "Talks to an echo service and verifies every byte: a prompt in a terminal, a filter in a "
    "pipe,\n"
    "a ping and a benchmark.";

const char* const footer =
    "HOST may also be host:port or [v6]:port. A TIME is in seconds, or has a unit: 500ms, 2m.\n"
    "Exit status: 0 every byte came back the same, 1 not so, 2 usage error.";

// What is bound to the command line while it is parsed.
struct CommandLine {
  CLI::App app{description, "coroecho-client"};
  Options options;
  std::string host;
  std::string port;
  std::size_t size = 0;
  bool json = false;
  bool csv = false;
  bool pings = false;
  bool benches = false;
  CLI::Option* ping = nullptr;
  CLI::Option* bench = nullptr;
};

[[noreturn]] void refuse(const std::string& option, const std::string& value,
                         const std::string& expected) {
  throw CLI::ValidationError(option, fmt::format("found \"{}\", expected {}", value, expected));
}

template <typename Target>
CLI::Option* add_time(CLI::App& app, const std::string& name, Target& target,
                      const std::string& text, Duration shortest = shortest_time) {
  const auto keep = [&target, name, shortest](const std::string& value) {
    const auto time = parse_time(value);
    if (!time || *time < shortest)
      refuse(name, value,
             fmt::format("a time from {} to 100 days: 0.5, 500ms, 2s, 5m, 1h",
                         shortest == shortest_time ? "1ms" : "0"));
    target = *time;
  };
  return app.add_option_function<std::string>(name, keep, text)->option_text("TIME");
}

template <typename Target>
CLI::Option* add_number(CLI::App& app, const std::string& name, Target& target,
                        const std::string& text, std::size_t most) {
  const auto keep = [&target, name, most](const std::string& value) {
    const auto number = parse_count(value);
    if (!number || *number < 1 || *number > most)
      refuse(name, value, fmt::format("a number from 1 to {}", most));
    target = *number;
  };
  return app.add_option_function<std::string>(name, keep, text)->option_text("N");
}

CLI::Option* add_size(CLI::App& app, const std::string& name, std::size_t& target,
                      const std::string& text) {
  const auto keep = [&target, name](const std::string& value) {
    const auto size = parse_size(value);
    if (!size || *size < 1 || *size > largest_message)
      refuse(name, value, "a size from 1 to 64m: 100, 64k, 1m");
    target = *size;
  };
  return app.add_option_function<std::string>(name, keep, text)->option_text("SIZE");
}

CLI::Option* add_rate(CLI::App& app, const std::string& name, std::optional<double>& target,
                      const std::string& text) {
  const auto keep = [&target, name](const std::string& value) {
    const auto rate = parse_number(value);
    if (!rate || *rate < lowest_rate || *rate > highest_rate)
      refuse(name, value, "a number from 0.001 to 1e9");
    target = *rate;
  };
  return app.add_option_function<std::string>(name, keep, text)->option_text("N");
}

CLI::Option* add_mode(CLI::App& app, const std::string& name, BenchMode& target,
                      const std::string& text) {
  const auto keep = [&target, name](const std::string& value) {
    static const std::map<std::string, BenchMode> modes = {{"pingpong", BenchMode::pingpong},
                                                           {"stream", BenchMode::stream},
                                                           {"churn", BenchMode::churn},
                                                           {"idle", BenchMode::idle}};
    const auto mode = modes.find(boost::algorithm::to_lower_copy(value));
    if (mode == modes.end()) refuse(name, value, "pingpong, stream, churn or idle");
    target = mode->second;
  };
  return app.add_option_function<std::string>(name, keep, text)->option_text("MODE");
}

void add_general(CommandLine& line) {
  auto& app = line.app;
  app.option_defaults()->multi_option_policy(CLI::MultiOptionPolicy::TakeLast);
  app.footer(footer);
  app.get_formatter()->column_width(28);
  app.set_help_flag("-h,--help", "Print this page and exit");
  app.set_version_flag("-V,--version", "coroecho-client " COROECHO_VERSION,
                       "Print the version and exit");
  app.add_option("HOST", line.host, "Name or address (localhost)")->option_text(" ");
  app.add_option("PORT", line.port, "Port or service name (COROECHO_PORT, or 8888)")
      ->option_text(" ");
  add_time(app, "--timeout", line.options.timeout, "To connect, and without progress (10s)");
  app.add_flag_callback(
      "--no-history", [&line] { line.options.history = false; }, "Remember no typed lines");
  app.add_flag("--proxy-protocol", line.options.target.proxied,
               "Begin with a PROXY header (v2), as a load balancer does")
      ->option_text(" ");
  line.ping = app.add_flag("--ping", line.pings, "Echo after echo, as ping(8)")->option_text(" ");
  line.bench = app.add_flag("--bench", line.benches, "Measure throughput and latency")
                   ->excludes(line.ping)
                   ->option_text(" ");
  add_size(app, "-s,--size", line.size, "Bytes of each message (ping 56, bench 64, stream 64k)");
  app.add_flag("--json", line.json, "Results as JSON");
}

void add_ping(CommandLine& line) {
  auto& app = line.app;
  auto& ping = line.options.ping;
  const auto add = [&](CLI::Option* option) { option->needs(line.ping)->group("With --ping"); };
  add(add_number(app, "-c,--count", ping.count, "Stop after so many", most_connections * 1000));
  add(add_time(app, "-i,--interval", ping.interval,
               "From one to the next (1s); 0: when the one before has come back",
               Duration::zero()));
  add(add_time(app, "-W,--wait", ping.wait, "After this an echo counts as lost (1s)"));
  add(add_time(app, "-w,--deadline", ping.deadline, "Stop after this time"));
  add(app.add_flag("-q,--quiet", ping.quiet, "Only the summary")->option_text(" "));
}

void add_bench(CommandLine& line) {
  auto& app = line.app;
  auto& bench = line.options.bench;
  const auto add = [&](CLI::Option* option) { option->needs(line.bench)->group("With --bench"); };
  add(add_mode(app, "--mode", bench.mode, "pingpong, stream, churn or idle (pingpong)"));
  add(add_number(app, "--connections", bench.connections, "At a time (50)", most_connections));
  add(add_number(app, "--pipeline", bench.pipeline, "Messages under way on each (1, stream 4)",
                 most_connections));
  add(add_time(app, "--duration", bench.duration, "Measured time (10s)"));
  add(add_time(app, "--warmup", bench.warmup, "Before it, not counted (1s)", Duration::zero()));
  add(add_rate(app, "--rate", bench.rate,
               "Messages a second in all; latency then counts from\n"
               "when each was meant to be sent"));
  add(add_number(app, "--threads", bench.threads, "Each with a scheduler of its own (1)", 1024));
  add(app.add_flag("--csv", line.csv, "Results as CSV, with a header")->option_text(" "));
  add(app.add_option("--plot", bench.plot, "Write the histogram and the rate over time as SVG")
          ->option_text("FILE"));
}

// Kubernetes and a Docker link make COROECHO_PORT=tcp://10.0.0.1:8888 of a service called coroecho.
bool is_service_link(std::string_view value) {
  constexpr std::array<std::string_view, 3> schemes = {"tcp://", "udp://", "sctp://"};
  return std::ranges::any_of(schemes, [&](auto scheme) { return value.starts_with(scheme); });
}

// That of the service in the same environment (coroecho(8)), as in a container.
std::string usual_port() {
  const char* const variable = std::getenv("COROECHO_PORT");  // NOLINT(concurrency-mt-unsafe)
  const std::string_view port = variable == nullptr ? "" : variable;
  if (port.empty() || is_service_link(port)) return Target().port;
  std::uint16_t number = 0;
  const auto [end, error] = std::from_chars(port.data(), port.data() + port.size(), number);
  if (error != std::errc{} || end != port.data() + port.size() || number == 0) {
    throw CLI::ValidationError(
        "COROECHO_PORT",
        fmt::format("found \"{}\", expected a number from 1 to 65535", escaped(port)));
  }
  return std::string(port);
}

void take_size(CommandLine& line) {
  auto& bench = line.options.bench;
  if (bench.mode == BenchMode::stream) {
    bench.size = std::size_t{64} << 10U;
    // Enough to keep both ends busy. With 16 the sockets' buffers are full most of the time, and
    // half as much goes through.
    if (line.app.count("--pipeline") == 0) bench.pipeline = 4;
  }
  if (line.size != 0) line.options.ping.size = bench.size = line.size;
}

void take_modes(CommandLine& line) {
  auto& options = line.options;
  const auto& bench = options.bench;
  if (!line.pings && !line.benches && (line.size != 0 || line.json))
    throw CLI::RequiresError(line.json ? "--json" : "--size", "--ping or --bench");
  if (line.json && line.csv) throw CLI::ExcludesError("--json", "--csv");
  if (line.pings) options.mode = Options::Mode::ping;
  if (line.benches) options.mode = Options::Mode::bench;
  if (line.pings && line.size > largest_ping)
    throw CLI::ValidationError("--size", "an echo of --ping has at most 1 MiB");
  if (bench.mode == BenchMode::idle && bench.rate)
    throw CLI::ExcludesError("--rate", "--mode idle");
  options.ping.json = line.json;
  if (line.json) options.bench.format = BenchFormat::json;
  if (line.csv) options.bench.format = BenchFormat::csv;
  take_size(line);
}

Options parse(CommandLine& line, int argc, const char* const* argv) {
  line.app.parse(argc, argv);
  take_modes(line);
  try {
    const bool proxied = line.options.target.proxied;
    line.options.target = parse_target(line.host, line.port, "");
    line.options.target.proxied = proxied;
    if (line.options.target.port.empty()) line.options.target.port = usual_port();
  } catch (const std::invalid_argument& error) {
    throw CLI::ValidationError("HOST", error.what());
  }
  return line.options;
}

}  // namespace

std::variant<Options, EarlyExit> parse_options(int argc, const char* const* argv) {
  CommandLine line;
  add_general(line);
  add_ping(line);
  add_bench(line);
  try {
    return parse(line, argc, argv);
  } catch (const CLI::ParseError& error) {
    std::ostringstream output;
    std::ostringstream message;
    const int status = line.app.exit(error, output, message) == 0 ? 0 : usage_error;
    return EarlyExit{status, output.str(), message.str()};
  }
}

}  // namespace client

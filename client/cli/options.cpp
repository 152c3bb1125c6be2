#include "client/cli/options.hpp"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <boost/algorithm/string/case_conv.hpp>
#include <cstdint>
#include <functional>
#include <map>
#include <span>
#include <sstream>
#include <stdexcept>
#include <string_view>

#include "client/cli/address_options.hpp"
#include "client/cli/ping_options.hpp"
#include "client/cli/tls_options.hpp"
#include "client/cli/udp_options.hpp"
#include "client/cli/values.hpp"
#include "client/output/rendering.hpp"
#include "client/udp/datagram_socket.hpp"
#include "client/wire/dscp.hpp"
#include "program/environment.hpp"
#include "program/quantity.hpp"

namespace client {
namespace {

constexpr int usage_error = 2;
constexpr std::size_t largest_message = std::size_t{64} << 20U;
constexpr std::size_t largest_ping = std::size_t{1} << 20U;
const char* const ports = "a number from 1 to 65535, or the name of a service";
const char* const sizes = "a size from 1 to 64m: 100, 64k, 1m";
constexpr std::size_t most_connections = 1'000'000;
using program::Spelling;

constexpr double lowest_rate = 0.001;
constexpr double highest_rate = 1e9;

const char* const description =
    "Talks to an echo service and verifies every byte: a prompt in a terminal, a filter in a "
    "pipe,\n"
    "a ping and a benchmark.";

const char* const footer =
    "HOST may also be host:port, [v6]:port, or the path of a Unix socket (with a slash).\n"
    "A TIME is in seconds, or has a unit: 500ms, 2m.\n"
    "Exit status: 0 every byte came back the same, 1 not so, 2 usage error; with --warning or\n"
    "--critical 0 OK, 1 WARNING, 2 CRITICAL, 3 UNKNOWN.";

// The command line, and what is bound to it while it is parsed.
struct CommandLine {
  CLI::App app{description, "coroecho-client"};
  Options options;
  std::string host;
  std::string port;
  std::optional<std::size_t> size;
  bool json = false;
  bool csv = false;
  bool pings = false;
  bool benches = false;
  TlsOptions tls;
};

std::optional<BenchMode> parse_mode(const std::string& value) {
  static const std::map<std::string, BenchMode> modes = {{"pingpong", BenchMode::pingpong},
                                                         {"stream", BenchMode::stream},
                                                         {"churn", BenchMode::churn},
                                                         {"idle", BenchMode::idle}};
  const auto mode = modes.find(boost::algorithm::to_lower_copy(value));
  return mode == modes.end() ? std::nullopt : std::optional(mode->second);
}

void add_general(CommandLine& line) {
  auto& app = line.app;
  app.option_defaults()->multi_option_policy(CLI::MultiOptionPolicy::TakeLast);
  app.footer(footer);
  app.get_formatter()->column_width(28);
  app.set_help_flag("-h,--help", "Print this page and exit");
  app.set_version_flag("-V,--version", "coroecho-client " COROECHO_VERSION,
                       "Print the version and exit");
  add_name(app, "HOST", " ", line.host, "Name or address (localhost)",
           "a name, an address or the path of a Unix socket");
  add_name(app, "PORT", " ", line.port, "Port or service name (COROECHO_PORT, or 8888)", ports);
  add_time(app, "--timeout", line.options.timeout, "To connect, and without progress (10s)");
  app.add_flag_callback(
      "--no-history", [&line] { line.options.history = false; }, "Remember no typed lines");
  app.add_flag("--proxy-protocol", line.options.target.proxied,
               "Begin with a PROXY header (v2), as a load balancer does")
      ->option_text(" ");
  app.add_flag("--tls", line.tls.used, "Encrypt it, and verify the server's certificate")
      ->option_text(" ");
  app.add_flag("--udp", line.options.udp, "By UDP instead of TCP")
      ->excludes("--proxy-protocol")
      ->excludes("--tls")
      ->option_text(" ");
  add_addresses(app, line.options.target);
  add(app, "--dscp", "DSCP", line.options.target.dscp, "Class of service of each packet: EF, 46",
      "a number from 0 to 63, or a name: EF, AF41, CS1", parse_dscp);
  add_time(app, "-W,--wait", line.options.wait,
           "After this an echo of --ping or by UDP is lost (1s)");
  app.add_flag("--ping", line.pings, "Echo after echo, as ping(8)")->option_text(" ");
  app.add_flag("--bench", line.benches, "Measure throughput and latency")
      ->excludes("--ping")
      ->option_text(" ");
  add(app, "-s,--size", "SIZE", line.size, "Bytes of each message (ping 56, bench 64, stream 64k)",
      sizes, [](const std::string& value) {
        return within(program::parse_size(value, Spelling::free), 0UL, largest_message);
      });
  app.add_flag("--json", line.json, "Results as JSON")->option_text(" ");
}

// Lists the options under a heading, and refuses them without the option for the mode.
void add_of_mode(CLI::App& app, const std::string& mode, const std::function<void()>& add_options) {
  const auto heading = "With " + mode;
  app.option_defaults()->group(heading);
  add_options();
  for (auto* const option : app.get_options())
    if (option->get_group() == heading) option->needs(app.get_option(mode));
}

void add_bench(CommandLine& line) {
  auto& app = line.app;
  auto& bench = line.options.bench;
  add(app, "--mode", "MODE", bench.mode, "pingpong, stream, churn or idle (pingpong)",
      "pingpong, stream, churn or idle", parse_mode);
  add_number(app, "--connections", bench.connections, "At a time (50)", most_connections);
  add_number(app, "--pipeline", bench.pipeline, "Messages under way on each (1, stream 4)",
             most_connections);
  add_time(app, "--duration", bench.duration, "Measured time (10s)");
  add_time(app, "--warmup", bench.warmup, "Before it, not counted (1s)", Duration::zero(), "0");
  add(app, "--rate", "N", bench.rate,
      "Messages a second in all; latency then counts from\n"
      "when each was meant to be sent",
      "a number from 0.001 to 1e9", [](const std::string& value) {
        return within(program::parse_number(value), lowest_rate, highest_rate);
      });
  add_number(app, "--threads", bench.threads, "Each with a scheduler of its own (1)", 1024);
  app.add_flag("--csv", line.csv, "Results as CSV, with a header")->option_text(" ");
  add_name(app, "--plot", "FILE", bench.plot, "Write the histogram and the rate over time as SVG",
           "a file");
}

// The port of the service in the same environment (coroecho(8)), as in a container.
std::string usual_port() {
  const std::string variable = "COROECHO_PORT";
  const auto port = program::environment(variable);
  if (!port || program::is_service_link(variable)) return Target().port;
  if (!within(program::parse_whole_number(*port, Spelling::free), 1UL, 65535UL)) {
    throw CLI::ValidationError(
        variable, fmt::format("found \"{}\", expected a number from 1 to 65535", escaped(*port)));
  }
  return *port;
}

// The resolver knows the names.
void check_port(const std::string& port) {
  const bool is_number = port.find_first_not_of("0123456789") == std::string::npos;
  if (is_number && !within(program::parse_whole_number(port, Spelling::free), 1UL, 65535UL))
    throw CLI::ValidationError("PORT", fmt::format("found \"{}\", expected {}", port, ports));
}

void take_size(CommandLine& line) {
  auto& bench = line.options.bench;
  if (bench.mode == BenchMode::stream) {
    bench.size = std::size_t{64} << 10U;
    // Enough to keep both ends busy. With 16 the sockets' buffers are full most of the time, and
    // half as much goes through.
    if (line.app.count("--pipeline") == 0) bench.pipeline = 4;
  }
  if (line.size) line.options.ping.size = bench.size = *line.size;
}

void check_size(const CommandLine& line) {
  if (!line.size) return;
  if (line.options.udp && *line.size > DatagramSocket::largest) {
    throw CLI::ValidationError(
        "--size", fmt::format("a datagram has at most {} bytes", DatagramSocket::largest));
  }
  if (!line.options.udp && *line.size == 0)
    throw CLI::ValidationError("--size", fmt::format("found \"0\", expected {}", sizes));
  if (line.pings && *line.size > largest_ping)
    throw CLI::ValidationError("--size", "an echo of --ping has at most 1 MiB");
}

void take_modes(CommandLine& line) {
  auto& options = line.options;
  if (!line.pings && !line.benches && (line.size || line.json))
    throw CLI::RequiresError(line.json ? "--json" : "--size", "--ping or --bench");
  if (line.json && line.csv) throw CLI::ExcludesError("--json", "--csv");
  if (line.pings) options.mode = Options::Mode::ping;
  if (line.benches) options.mode = Options::Mode::bench;
  check_size(line);
  if (options.bench.mode == BenchMode::idle && options.bench.rate)
    throw CLI::ExcludesError("--rate", "--mode idle");
  take_check(line.app, options.ping);
  options.ping.json = line.json;
  if (line.json) options.bench.format = BenchFormat::json;
  if (line.csv) options.bench.format = BenchFormat::csv;
  take_size(line);
  options.bench.threads = std::min(options.bench.threads, options.bench.connections);
  check_udp(line.app, options);
}

Options parse(CommandLine& line, int argc, const char* const* argv) {
  line.app.parse(argc, argv);
  take_modes(line);
  try {
    auto& target = line.options.target;
    const auto named = parse_target(line.host, line.port, "");
    target.host = named.host;
    target.port = named.port;
    target.path = named.path;
    take_addresses(line.app, target);
    if (line.tls.used) target.tls = make_tls(line.tls, target.host);
    if (target.port.empty()) target.port = usual_port();
    check_port(target.port);
  } catch (const std::invalid_argument& senseless) {
    throw CLI::ValidationError("HOST", senseless.what());
  }
  return line.options;
}

std::string message_of(const CLI::ParseError& error) {
  std::string message = error.what();
  const std::string missing = "1 required TEXT missing";  // CLI11's words
  if (!message.ends_with(missing)) return message;
  return message.substr(0, message.size() - missing.size()) + "its value is missing";
}

// A monitoring system reads one line and the exit status, also of a mistake.
bool asks_for_check(std::span<const char* const> arguments) {
  return std::ranges::any_of(arguments, [](std::string_view argument) {
    return argument.starts_with("--warning") || argument.starts_with("--critical");
  });
}

}  // namespace

boost::system::result<Options, EarlyExit> parse_options(int argc, const char* const* argv) {
  CommandLine line;
  add_general(line);
  add_of_mode(line.app, "--tls", [&] { add_tls(line.app, line.tls); });
  add_of_mode(line.app, "--ping", [&] { add_ping(line.app, line.options.ping); });
  add_of_mode(line.app, "--bench", [&] { add_bench(line); });
  try {
    return parse(line, argc, argv);
  } catch (const CLI::ParseError& error) {
    std::ostringstream output;
    std::ostringstream nothing;
    if (line.app.exit(error, output, nothing) == 0) return EarlyExit{0, output.str()};
    return EarlyExit{usage_error, {}, message_of(error), asks_for_check({argv, argv + argc})};
  }
}

}  // namespace client

// Any bytes as an environment and a command line of the service or the client: never a crash, and a
// mistake is one line. The configuration that the service makes of them prints as a file that loads
// again to the same; the client's values are within the limits that its manual page has.
//
// The input is as in /proc/PID/environ and cmdline: a NUL ends each variable COROECHO_NAME=VALUE
// and each argument, of which the first is the name of the program.
#include <unistd.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "client/cli/options.hpp"
#include "server/config/options.hpp"
#include "tests/fuzz/fuzzer.hpp"
#include "tests/fuzz/printed_config.hpp"

namespace {

using fuzz::is_one_line;
using fuzz::require;
using fuzz::require_loads_again;
using namespace std::chrono_literals;

using Arguments = std::vector<const char*>;  // the last one is null

void check_configuration(const server::Options& options) try {
  require_loads_again(server::effective_config(options));
} catch (const server::ConfigError& error) {
  require(is_one_line(error.what()), "the error is one line", error.what());
}

void check_service(const Arguments& arguments) try {
  const auto options =
      server::parse_options(static_cast<int>(arguments.size() - 1), arguments.data());
  for (const std::string& warning : options.warnings)
    require(is_one_line(warning), "a warning is one line", warning);
  if (options.answer) return require(options.answer->ends_with('\n'), "an answer is whole lines");
  if (!options.config) check_configuration(options);  // a file is not read here
} catch (const server::UsageError& error) {
  require(*error.what() != '\0', "a mistake has a reason");
  require(is_one_line(error.what()), "the mistake is one line", error.what());
}

template <typename Value>
void require_within(Value least, Value value, Value most, const char* option) {
  require(least <= value && value <= most, "a value is within its limits", option);
}

// A target of plain text is shown so that it may be given again.
void check_target(const client::Target& target) {
  const auto is_plain = [](const std::string& text) {
    return text.find_first_not_of("0123456789abcdefghijklmnopqrstuvwxyz-.:") == std::string::npos;
  };
  const std::string service = target.port;
  if (target.is_local() || !is_plain(target.host + service) ||
      service.find(':') != std::string::npos)
    return;
  const auto again = client::parse_target(target.name(), "");
  require(again.host == target.host && again.port == target.port, "a name names the same again",
          target.name());
}

void check_client(const Arguments& arguments) {
  const auto reads_files = [](std::string_view argument) { return argument.starts_with("--tls"); };
  if (std::any_of(arguments.begin(), arguments.end() - 1, reads_files)) return;
  const auto options =
      client::parse_options(static_cast<int>(arguments.size() - 1), arguments.data());
  if (!options) {
    const auto& end = options.error();
    require(end.status == (end.error.empty() ? 0 : 2), "only a mistake is a failure", end.error);
    return require(end.error.empty() != end.output.empty(), "there is one answer", end.output);
  }
  constexpr client::Duration longest = 100 * 24h;
  require_within<client::Duration>(1ms, options->timeout, longest, "--timeout");
  require_within<client::Duration>(1ms, options->wait, longest, "--wait");
  require_within<client::Duration>(0s, options->ping.interval, longest, "--interval");
  require_within<client::Duration>(1ms, options->bench.duration, longest, "--duration");
  require_within<client::Duration>(0s, options->bench.warmup, longest, "--warmup");
  require_within<std::size_t>(1, options->bench.connections, 1'000'000, "--connections");
  require_within<std::size_t>(1, options->bench.pipeline, 1'000'000, "--pipeline");
  require_within<std::size_t>(1, options->bench.threads, 1024, "--threads");
  require_within(0.001, options->bench.rate.value_or(1), 1e9, "--rate");
  require_within(0U, options->target.dscp.value_or(0), 63U, "--dscp");
  require_within<std::size_t>(options->udp ? 0 : 1, options->bench.size,
                              options->udp ? 65'507 : std::size_t{64} << 20U, "--size");
  check_target(options->target);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::string text(data, data + size);
  std::vector<char*> variables;
  Arguments arguments;
  for (std::size_t begin = 0; begin < text.size(); begin = text.find('\0', begin) + 1) {
    if (begin > 0 && text[begin - 1] != '\0') break;  // the last one had no end
    char* const word = text.data() + begin;
    const bool is_variable = std::string_view(word).starts_with("COROECHO_");
    if (is_variable && arguments.empty())
      variables.push_back(word);
    else
      arguments.push_back(word);
    if (text.find('\0', begin) == std::string::npos) break;
  }
  if (arguments.empty()) return 0;
  variables.push_back(nullptr);
  arguments.push_back(nullptr);
  char** const environment = std::exchange(environ, variables.data());
  if (arguments.front() == std::string_view("coroecho-client"))
    check_client(arguments);
  else
    check_service(arguments);
  environ = environment;
  return 0;
}

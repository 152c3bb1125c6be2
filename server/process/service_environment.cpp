#include "server/process/service_environment.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <boost/algorithm/string/split.hpp>
#include <cstdint>
#include <cstdlib>
#include <limits>
#include <optional>

#include "program/quantity.hpp"
#include "server/config/config_error.hpp"

namespace server {
namespace {

constexpr std::uint64_t most_descriptors = 1024;  // no service manager passes more

std::optional<std::string> take_variable(const char* name) {
  const char* const value = std::getenv(name);
  if (value == nullptr) return std::nullopt;
  std::string taken = value;
  ::unsetenv(name);
  return taken;
}

bool names_this_process(const std::string& pid) {
  return pid == std::to_string(::getpid());
}

std::chrono::microseconds take_watchdog() {
  const auto pid = take_variable("WATCHDOG_PID");
  const auto period = program::parse_whole_number(take_variable("WATCHDOG_USEC").value_or(""));
  constexpr auto longest = std::chrono::microseconds(std::chrono::hours(24 * 365));
  if (!period || (pid && !names_this_process(*pid))) return {};
  return std::min(std::chrono::microseconds(static_cast<std::int64_t>(
                      std::min<std::uint64_t>(*period, std::numeric_limits<std::int64_t>::max()))),
                  longest);
}

std::vector<InheritedDescriptor> take_descriptors() {
  const auto pid = take_variable("LISTEN_PID");
  const auto text = take_variable("LISTEN_FDS");
  const auto names = take_variable("LISTEN_FDNAMES");
  if (!pid || !text || !names_this_process(*pid)) return {};

  const auto count = program::parse_whole_number(*text);
  if (!count || *count > most_descriptors)
    throw ConfigError("LISTEN_FDS: found '" + escaped(*text) + "', expected a number of sockets");
  std::vector<std::string> named(*count, "unknown");
  if (names) boost::split(named, *names, [](char byte) { return byte == ':'; });
  if (named.size() != *count && *count > 0) {
    throw ConfigError("LISTEN_FDNAMES: found " + std::to_string(named.size()) + " names for " +
                      *text + " sockets");
  }
  std::vector<InheritedDescriptor> descriptors;
  for (int index = 0; index < static_cast<int>(*count); ++index) {
    const int number = first_inherited + index;
    // inherited_sockets() reports one that is not open.
    static_cast<void>(::fcntl(number, F_SETFD, FD_CLOEXEC));
    descriptors.push_back({number, std::move(named[static_cast<std::size_t>(index)])});
  }
  return descriptors;
}

}  // namespace

ServiceEnvironment ServiceEnvironment::take() {
  return {.notify_socket = take_variable("NOTIFY_SOCKET").value_or(""),
          .watchdog = take_watchdog(),
          .descriptors = take_descriptors()};
}

}  // namespace server

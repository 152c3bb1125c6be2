#pragma once

#include <boost/system/result.hpp>
#include <chrono>
#include <cstddef>
#include <optional>
#include <string>

#include "client/wire/target.hpp"

namespace client {

using Duration = std::chrono::nanoseconds;

/// The values from which on a check is a warning, or critical. Without one there is no limit.
struct CheckLimits {
  std::optional<Duration> round_trip;  ///< the mean
  std::optional<double> loss;          ///< in percent; 0: any loss
};

/// The options of --ping; the letters are those of ping(8).
struct PingOptions {
  std::optional<std::size_t> count;  ///< -c: stop after so many; without it, at Ctrl-C
  /// -i: from one echo to the next, 10 us or more; 0: when the one before has come back or is lost
  Duration interval = std::chrono::seconds(1);
  std::size_t size = 56;             ///< -s: bytes of each echo, 1 to 1 MiB; by UDP 0 to 65,507
  std::optional<Duration> deadline;  ///< -w: stop after this time, whatever has come
  bool quiet = false;                ///< -q: only the summary
  bool timestamps = false;           ///< -D: each line has the time
  bool mtu = false;   ///< look for the largest datagram that comes back, instead of echo after echo
  bool json = false;  ///< a JSON object per line instead of text
  bool check = false;  ///< one line and an exit status, as monitoring plugins have them
  CheckLimits warning;
  CheckLimits critical;
};

enum class BenchMode {
  pingpong,  ///< each connection keeps `pipeline` echoes under way
  stream,    ///< the same with large messages: throughput
  churn,     ///< connect, one echo, close; again
  idle       ///< connections that do nothing until the end, when each must still echo
};

enum class BenchFormat { text, json, csv };

/// The options of --bench.
struct BenchOptions {
  BenchMode mode = BenchMode::pingpong;
  std::size_t connections = 50;
  std::size_t size = 64;                         ///< bytes of each message
  std::size_t pipeline = 1;                      ///< messages under way on each connection
  Duration duration = std::chrono::seconds(10);  ///< measured time, after the warm-up
  Duration warmup = std::chrono::seconds(1);     ///< before it; not counted
  std::optional<double> rate;  ///< messages a second in all; without it, as fast as possible
  std::size_t threads = 1;     ///< each with a scheduler of its own
  BenchFormat format = BenchFormat::text;
  std::optional<std::string> plot;  ///< an SVG file to write
};

struct Options {
  enum class Mode { converse, ping, bench };

  Mode mode = Mode::converse;
  Target target;
  Duration timeout = std::chrono::seconds(10);  ///< to connect, and without progress
  bool history = true;
  Duration wait =
      std::chrono::seconds(1);  ///< -W: an echo of --ping or by UDP that takes longer is lost
  bool udp = false;             ///< datagrams instead of a connection
  PingOptions ping;
  BenchOptions bench;
};

/// The program ends after it has printed this: for --help, --version or a mistake.
struct EarlyExit {
  int status = 0;           ///< 0, or 2 for a usage error
  std::string output = {};  ///< for standard output
  std::string error = {};   ///< the mistake, in one line
  bool of_check = false;    ///< a monitoring system is to get it
};

/// Reads the command line.
boost::system::result<Options, EarlyExit> parse_options(int argc, const char* const* argv);

}  // namespace client

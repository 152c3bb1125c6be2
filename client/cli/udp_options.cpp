#include "client/cli/udp_options.hpp"

#include <fmt/format.h>

#include "client/udp/datagrams.hpp"

namespace client {
namespace {

void check_bench(const CLI::App& app, const BenchOptions& bench) {
  if (bench.mode != BenchMode::pingpong) {
    throw CLI::ValidationError(
        "--mode", "by UDP there are no connections and no streams, and only the mode pingpong");
  }
  if (bench.rate && app.count("--pipeline") > 0) {
    throw CLI::ValidationError(
        "--pipeline", "by UDP a --rate sends each datagram when it is due, whatever is under way");
  }
  if (bench.size < Datagrams::header) {
    throw CLI::ValidationError(
        "--size", fmt::format("a datagram of --bench has at least {} bytes", Datagrams::header));
  }
}

}  // namespace

void check_udp(const CLI::App& app, const Options& options) {
  if (options.udp && options.mode == Options::Mode::bench) check_bench(app, options.bench);
  if (app.count("--wait") > 0 && options.mode != Options::Mode::ping && !options.udp)
    throw CLI::RequiresError("--wait", "--ping or --udp");
}

}  // namespace client

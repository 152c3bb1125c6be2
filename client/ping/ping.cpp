#include "client/ping/ping.hpp"

#include <chrono>
#include <exception>
#include <string>

#include "client/output/output.hpp"
#include "client/ping/check.hpp"
#include "client/ping/mtu_probe.hpp"
#include "client/ping/mtu_report.hpp"
#include "client/ping/ping_report.hpp"
#include "client/ping/tcp_ping.hpp"
#include "client/ping/udp_ping.hpp"
#include "client/wire/run.hpp"

namespace client {
namespace {

template <typename Ping>
int run(const Options& options) {
  coro::Scheduler scheduler;
  Ping ping(scheduler, options);
  const auto exception = exception_of_run(scheduler, [&] { ping.begin(); });
  if (!exception) return ping.exit_status();
  if (!options.ping.json) std::rethrow_exception(exception);
  ping.give_up(failure_of(exception));
  return 1;
}

// Of a run that could not begin.
std::string empty_summary(const Options& options) {
  if (options.ping.mtu) return mtu_summary(options.target, {}, true);
  PingTally tally;
  if (options.udp) tally.datagrams.emplace();
  return PingReport(true).summary(options.target, tally);
}

int print_failed_run(const Options& options, const Failure& failure) {
  report(failure);
  const auto now = std::chrono::system_clock::now();
  for (const auto& line : {PingReport(true).failed(failure), empty_summary(options)})
    print((options.ping.timestamps ? stamped(line, now, true) : line) + '\n');
  return 1;
}

}  // namespace

int run_ping(const Options& options) try {
  if (options.ping.mtu) return run<MtuProbe>(options);
  return options.udp ? run<UdpPing>(options) : run<TcpPing>(options);
} catch (const std::exception& error) {
  const Failure failure{FailureClass::local, error.what()};
  if (options.ping.check) return print_unknown(failure);
  if (options.ping.json) return print_failed_run(options, failure);
  throw;
}

int print_unknown(const Failure& failure) {
  const auto check = unknown_check(failure);
  print(check.line + '\n');
  return check.exit_status();
}

}  // namespace client

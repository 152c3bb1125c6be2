#include "client/ping/ping.hpp"

#include <exception>

#include "client/output/output.hpp"
#include "client/ping/check.hpp"
#include "client/ping/mtu_probe.hpp"
#include "client/ping/tcp_ping.hpp"
#include "client/ping/udp_ping.hpp"
#include "client/wire/run.hpp"

namespace client {
namespace {

template <typename Ping>
int run(const Options& options) {
  coro::Scheduler scheduler;
  Ping ping(scheduler, options);
  run_to_end(scheduler, [&] { ping.begin(); });
  return ping.exit_status();
}

}  // namespace

int run_ping(const Options& options) try {
  if (options.ping.mtu) return run<MtuProbe>(options);
  return options.udp ? run<UdpPing>(options) : run<TcpPing>(options);
} catch (const std::exception& error) {
  if (!options.ping.check) throw;
  return print_unknown({FailureClass::local, error.what()});
}

int print_unknown(const Failure& failure) {
  const auto check = unknown_check(failure);
  print(check.line + '\n');
  return check.exit_status();
}

}  // namespace client

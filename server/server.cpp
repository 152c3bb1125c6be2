#include "server/server.hpp"

#include <fmt/format.h>
#include <sysexits.h>

#include <chrono>
#include <csignal>
#include <cstdlib>
#include <utility>

#include "coro/time_limit.hpp"
#include "server/descriptor_limit.hpp"

namespace server {
namespace {

// What the service itself opens, besides one descriptor for each connection: the log, the event
// loop, listeners, a little room.
constexpr std::size_t own_descriptors = 64;

}  // namespace

Server::Server(coro::Scheduler& scheduler, EventLog& log, Config config, LoadConfig load_config)
    : scheduler_(scheduler),
      log_(log),
      config_(std::move(config)),
      load_config_(std::move(load_config)),
      sessions_(scheduler, config_, log, statistics_),
      listeners_(scheduler, config_, log, statistics_, sessions_),
      signals_(scheduler.executor()) {}

int Server::run(coro::Yield yield) {
  for (const int signal : {SIGTERM, SIGINT, SIGHUP, SIGUSR1, SIGUSR2})
    signals_.add(signal);
  signal_task_ =
      scheduler_.spawn("signals", [this](coro::Yield inside) { handle_signals(inside); }).value();
  reload_task_ =
      scheduler_.spawn("reload", [this](coro::Yield inside) { reload_when_asked(inside); }).value();

  provide_descriptors();
  int exit_code = EXIT_SUCCESS;
  if (const auto error = listeners_.open(config_, yield)) {
    log_.logger().critical("{}", *error);
    exit_code = EX_UNAVAILABLE;
  } else {
    if (config_.faults.any()) log_.logger().warn("faults: this server misbehaves on purpose");
    static_cast<void>(signalled_.wait(yield, [this] { return stops_ > 0; }));
    exit_code = drain(yield);
  }
  sessions_.close();
  reload_task_.cancel();
  signal_task_.cancel();
  return exit_code;
}

int Server::drain(coro::Yield yield) {
  const ShutdownConfig shutdown = config_.shutdown;
  if (shutdown.delay.count() > 0) {
    log_.logger().info("stopping in {} ms, with {} connections", shutdown.delay.count(),
                       sessions_.active());
    const coro::TimeLimit limit(yield, shutdown.delay);
    static_cast<void>(signalled_.wait(yield, [this] { return stops_ > 1; }));
  }
  log_.logger().info("stopping, with {} connections", sessions_.active());
  listeners_.close(yield);
  {
    const coro::TimeLimit limit(yield, shutdown.timeout);
    sessions_.drain();
    static_cast<void>(sessions_.wait_until_none(yield));
  }
  const bool in_time = sessions_.active() == 0 && stops_ == 1;
  if (sessions_.active() > 0) {
    log_.logger().warn("{} connections did not end in time", sessions_.active());
    sessions_.abort();
    static_cast<void>(sessions_.wait_until_none(yield));
  }
  log_.logger().info(in_time ? "stopped" : "stopped by force");
  return in_time ? EXIT_SUCCESS : EXIT_FAILURE;
}

void Server::handle_signals(coro::Yield yield) {
  for (;;) {
    const auto [error, signal] = signals_.async_wait(yield);
    if (error) return;
    handle_signal(signal);
  }
}

void Server::handle_signal(int signal) {
  switch (signal) {
    case SIGHUP:
      reload_asked_ = true;
      break;
    case SIGUSR1:
      log_statistics();
      break;
    case SIGUSR2:
      log_.reopen();
      break;
    default:  // SIGTERM, SIGINT; a second one means that the draining takes too long
      if (++stops_ > 1) sessions_.abort();
  }
  signalled_.notify_all();
}

// A coroutine of its own, so that a name that resolves slowly does not keep other signals waiting.
void Server::reload_when_asked(coro::Yield yield) {
  while (!signalled_.wait(yield, [this] { return reload_asked_; })) {
    reload_asked_ = false;
    if (stops_ == 0) reload(yield);
  }
}

// All or nothing: what is wrong with the new configuration is said, and the old one stays.
void Server::reload(coro::Yield yield) {
  std::optional<std::string> error;
  std::optional<Config> config = load(error);
  if (config) error = log_.configure(config->log);
  if (config && !error && (error = listeners_.open(*config, yield))) {
    static_cast<void>(log_.configure(config_.log));  // as it was
  }
  if (error) {
    ++statistics_.failed_reloads;
    log_.logger().error("not reloaded: {}", *error);
    return;
  }
  config_ = std::move(*config);
  provide_descriptors();
  sessions_.configuration_changed();
  ++statistics_.reloads;
  log_.logger().info("reloaded");
}

std::optional<Config> Server::load(std::optional<std::string>& error) const {
  try {
    return load_config_();
  } catch (const ConfigError& wrong) {
    error = wrong.what();
    return std::nullopt;
  }
}

void Server::log_statistics() {
  using std::chrono::seconds;
  const auto uptime = std::chrono::duration_cast<seconds>(coro::Clock::now() - statistics_.started);
  const auto coroutines = scheduler_.counters();
  std::string endings;
  for (std::size_t ending = 0; ending < ending_count; ++ending) {
    endings +=
        fmt::format(", {} {}", statistics_.endings[ending], to_string(static_cast<Ending>(ending)));
  }
  log_.logger().info(
      "statistics: uptime {} s, {} accepted, {} active, {} peak{}, {} bytes in, {} bytes out, {} "
      "reads, "
      "{} accept pauses, {} coroutines, {} stacks, {} log lines dropped, {} reloads, {} failed "
      "reloads",
      uptime.count(), statistics_.accepted, statistics_.active, statistics_.peak, endings,
      statistics_.bytes_received, statistics_.bytes_sent, statistics_.reads,
      statistics_.accept_pauses, coroutines.alive, coroutines.stacks, log_.dropped_lines(),
      statistics_.reloads, statistics_.failed_reloads);
}

void Server::provide_descriptors() {
  constexpr std::size_t as_many_as_possible = std::size_t{1} << 30;
  const std::size_t most = config_.limits.max_connections;
  const std::size_t have =
      raise_descriptor_limit(most == 0 ? as_many_as_possible : most + own_descriptors);
  if (have < most + own_descriptors) {
    log_.logger().warn(
        "{}: {} connections need {} descriptors, but the system allows {} (ulimit -n, "
        "LimitNOFILE=)",
        config_.origins.where("limits.max_connections"), most, most + own_descriptors, have);
  }
}

}  // namespace server

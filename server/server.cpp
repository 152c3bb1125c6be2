#include "server/server.hpp"

#include <sysexits.h>

#include <algorithm>
#include <array>
#include <boost/asio/error.hpp>
#include <boost/system/system_error.hpp>
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <exception>
#include <utility>

#include "coro/time_limit.hpp"
#include "server/descriptor_limit.hpp"
#include "server/scheduler_lag.hpp"

namespace server {
namespace {

// What the service itself opens, besides one descriptor for each connection: the log, the event
// loop, listeners, a little room.
constexpr std::size_t own_descriptors = 64;

constexpr int most_failures = 10;
constexpr std::chrono::milliseconds pause_between_failures{100};

}  // namespace

Server::Server(coro::Scheduler& scheduler, EventLog& log, Config config, LoadConfig load_config,
               Startup startup)
    : scheduler_(scheduler),
      log_(log),
      config_(std::move(config)),
      load_config_(std::move(load_config)),
      startup_(std::move(startup)),
      sessions_(scheduler, config_, log, statistics_),
      listeners_(scheduler, config_, log, statistics_, sessions_, signalled_,
                 startup_.sockets.echo),
      admin_(
          scheduler, log, [this] { return status(); }, startup_.sockets.admin),
      manager_(scheduler, log, startup_.environment, [this] { return status(); }),
      signals_(scheduler, {SIGTERM, SIGINT, SIGHUP, SIGUSR1, SIGUSR2}) {}

int Server::run(coro::Yield yield) {
  const coro::Task reload_task =
      spawn("reload", [this](coro::Yield inside) { reload_when_asked(inside); });
  const std::array own = {
      reload_task, spawn("signals", [this](coro::Yield inside) { handle_signals(inside); }),
      spawn("lag", [this](coro::Yield inside) { measure_scheduler_lag(lag_, inside); })};

  log_.logger().info("coroecho {}, stacks guarded by {}", COROECHO_VERSION,
                     scheduler_.stack_guard() == coro::StackPool::Guard::madvise
                         ? "MADV_GUARD_INSTALL"
                         : "mprotect");
  provide_descriptors();
  manager_.start();
  int exit_code = EX_UNAVAILABLE;
  if (const auto error = open(config_, yield)) {
    log_.logger().critical("{}", *error);
    manager_.failed(*error);
    startup_.done(error);
  } else {
    ready_ = true;
    manager_.ready();
    startup_.done(std::nullopt);
    signalled_.notify_all();  // a reload may have been asked for meanwhile
    if (config_.faults.any()) log_.logger().warn("faults: this server misbehaves on purpose");
    static_cast<void>(signalled_.wait(yield, [this] { return stops_ > 0; }));
    static_cast<void>(reload_task.join(yield));  // one in progress still opens and closes listeners
    exit_code = drain(yield);
  }
  admin_.close(yield);
  sessions_.close();
  manager_.close();
  for (const coro::Task& task : own)
    task.cancel();
  return exit_code;
}

coro::Task Server::spawn(const char* name, std::function<void(coro::Yield)> body) {
  return scheduler_.spawn(name, std::move(body)).value();
}

// Where the configuration says to listen; the reason in one line if that cannot be.
std::optional<std::string> Server::open(const Config& config, coro::Yield yield) {
  auto admin = admin_.resolve(config, yield);
  if (!admin) return admin.error();
  const auto addresses = listeners_.resolve(config, yield);
  if (!addresses) return addresses.error();

  // First all sockets, then all else: what cannot be done must leave everything as it was.
  Listeners::Change listeners = listeners_.change_to(*addresses);
  std::vector<int> ceding;
  for (const Listener* listener : listeners.unwanted)
    ceding.push_back(listener->descriptor());
  if (const auto socket = admin_.ceding(*admin)) ceding.push_back(*socket);
  if (auto error = admin_.bind(*admin, ceding)) return error;
  if (auto error = listeners_.bind(listeners, config, ceding)) return error;
  if (admin->bound && listeners.has(admin->bound->local_endpoint())) {
    return admin->address->origin + ": " +
           cannot_listen(admin->address->endpoint, boost::asio::error::address_in_use);
  }
  admin_.open(std::move(*admin), config, yield);
  listeners_.open(listeners, config, yield);
  return std::nullopt;
}

int Server::drain(coro::Yield yield) {
  ready_ = false;
  const ShutdownConfig shutdown = config_.shutdown;
  manager_.stopping(shutdown.delay + shutdown.timeout);
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

// The system may be short of something for a moment. For longer the service would be deaf to who
// stops it, and ends.
void Server::handle_signals(coro::Yield yield) {
  for (int failures = 0;;) {
    const auto signal = signals_.wait(yield);
    if (signal) {
      failures = 0;
      try {
        handle_signal(*signal);
      } catch (const std::exception& error) {
        log_.logger().error("signal {}: {}", *signal, error.what());
      }
    } else if (signal.error() == boost::asio::error::operation_aborted) {
      return;
    } else if (++failures == most_failures) {
      throw boost::system::system_error(signal.error(), "cannot wait for signals");
    } else if (coro::sleep_for(yield, pause_between_failures)) {
      return;
    }
  }
}

void Server::handle_signal(int signal) {
  switch (signal) {
    case SIGHUP:
      if (startup_.terminal.closed_by(signals_.origin())) {
        log_.logger().info("the terminal was closed");
        stops_ = std::max(stops_, 1);  // several may report it, none of them out of impatience
      } else {
        reload_asked_ = true;
      }
      break;
    case SIGUSR1:
      log_.answer("statistics: " + to_log_line(status()));
      break;
    case SIGUSR2:
      log_.reopen();
      break;
    default:  // SIGTERM, SIGINT; a second one means that the draining takes too long
      if (++stops_ > 1) sessions_.abort();
  }
  signalled_.notify_all();
}

// A coroutine of its own, so that a name that resolves slowly does not keep other signals waiting,
// and so that a log file which is to be opened anew has been, when both were asked for together.
void Server::reload_when_asked(coro::Yield yield) {
  const auto due = [this] { return (reload_asked_ && ready_) || stops_ > 0; };
  while (!signalled_.wait(yield, due) && stops_ == 0) {
    reload_asked_ = false;
    reload(yield);
  }
}

// All or nothing: what is wrong with the new configuration is said, and the old one stays.
void Server::reload(coro::Yield yield) {
  manager_.reloading();
  std::optional<std::string> error;
  std::optional<Config> config = load(error);
  if (config) error = log_.configure(config->log);
  if (config && !error && (error = open(*config, yield))) {
    static_cast<void>(log_.configure(config_.log));  // as it was
  }
  if (error) {
    ++statistics_.failed_reloads;
    log_.logger().error("not reloaded: {}", *error);
    manager_.reloaded(error);
    return;
  }
  config_ = std::move(*config);
  provide_descriptors();
  sessions_.configuration_changed();
  ++statistics_.reloads;
  log_.logger().info("reloaded");
  manager_.reloaded(std::nullopt);
}

std::optional<Config> Server::load(std::optional<std::string>& error) const {
  try {
    return load_config_();
  } catch (const ConfigError& wrong) {
    error = wrong.what();
    return std::nullopt;
  }
}

Status Server::status() const {
  return {.statistics = statistics_,
          .scheduler_lag = lag_,
          .coroutines = scheduler_.counters(),
          .dropped_log_lines = log_.dropped_lines(),
          .ready = ready_,
          .uptime = std::chrono::duration_cast<std::chrono::seconds>(coro::Clock::now() -
                                                                     statistics_.started)};
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

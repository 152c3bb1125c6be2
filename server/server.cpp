#include "server/server.hpp"

#include <sysexits.h>
#include <unistd.h>

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
#include "coro/timer.hpp"
#include "program/descriptor_limit.hpp"

namespace server {
namespace {

// Descriptors besides one for each connection: the log, the event loop, listeners, a little room,
// and those that no connection gets.
constexpr std::size_t own_descriptors = 64 + DescriptorReserve::most;

constexpr int most_failures = 10;
constexpr std::chrono::milliseconds pause_between_failures{100};

// For steps that take no time, unless there is a fault in them.
constexpr std::chrono::seconds longest_end{2};

constexpr std::chrono::milliseconds between_measurements{250};

}  // namespace

Server::Server(coro::Scheduler& scheduler, EventLog& log, Config config, LoadConfig load_config,
               Startup startup)
    : scheduler_(scheduler),
      log_(log),
      config_(std::move(config)),
      load_config_(std::move(load_config)),
      startup_(std::move(startup)),
      sessions_(scheduler, config_, log, statistics_),
      listeners_(scheduler, config_, log, statistics_, sessions_, signalled_, startup_.sockets),
      udp_(scheduler, config_, log, statistics_, signalled_, startup_.sockets.udp),
      admin_(
          scheduler, log, [this] { return status(); }, signalled_, startup_.sockets.admin),
      manager_(scheduler, log, startup_.environment, [this] { return to_short_line(status()); }),
      signals_(scheduler, {SIGTERM, SIGINT, SIGHUP, SIGUSR1, SIGUSR2, SIGRTMIN}) {}

Server::~Server() {
  scheduler_.unwind();
}

int Server::run(coro::Yield yield) {
  const std::array own = {spawn("signals", [this](coro::Yield inside) { handle_signals(inside); }),
                          spawn("lag", [this](coro::Yield inside) { measure_lag(inside); })};

  if (!startup_.state) log_start();
  provide_descriptors();
  manager_.start();
  opening_ = spawn("reload", [this](coro::Yield inside) { open_and_reload(inside); });
  const int exit_code = serve(yield);
  {
    const coro::TimeLimit limit(yield, longest_end);
    admin_.close(yield);
  }
  sessions_.close();
  manager_.close();
  for (const coro::Task& task : own)
    task.cancel();
  return failed_ ? EX_SOFTWARE : exit_code;
}

void Server::log_start() {
  const bool by_madvise = scheduler_.stack_guard() == coro::StackPool::Guard::madvise;
  const std::string_view guard = by_madvise ? "MADV_GUARD_INSTALL" : "mprotect";
  const std::string& file = startup_.config_file;
  log_.info({"start",
             {{"version", COROECHO_VERSION},
              {"pid", ::getpid()},
              {"config", file},
              {"stack_guard", guard}}},
            "coroecho {}, pid {}, configuration {}, stacks guarded by {}", COROECHO_VERSION,
            ::getpid(), file.empty() ? "by default" : file, guard);
}

void Server::fail() {
  failed_ = true;
  stops_ = std::max(stops_, 1);
  signalled_.notify_all();
}

// From the first listener to the last connection.
int Server::serve(coro::Yield yield) {
  const auto over = [this] { return stops_ > 0 || deserted_ || opening_.done(); };
  static_cast<void>(signalled_.wait(yield, over));
  const bool could_not_start = opening_.done() && !ready_ && stops_ == 0;
  if (could_not_start) return EX_UNAVAILABLE;
  stop_opening(yield);
  const int exit_code = drain(yield);
  return deserted_ ? EX_UNAVAILABLE : exit_code;
}

// The lookup of a name is cancelled. A reload that has got further is finished, which does not take
// long.
void Server::stop_opening(coro::Yield yield) {
  const coro::TimeLimit limit(yield, longest_end);
  opening_.cancel();
  static_cast<void>(opening_.join(yield));
}

coro::Task Server::spawn(const char* name, std::function<void(coro::Yield)> body) {
  return scheduler_.spawn(name, std::move(body)).value();
}

int Server::drain(coro::Yield yield) {
  const bool announced = std::exchange(ready_, false) && !failed_;
  const ShutdownConfig shutdown = config_.shutdown;
  manager_.stopping(shutdown.delay + shutdown.timeout);
  if (announced && shutdown.delay.count() > 0) {
    log_.info(
        {"stopping", {{"connections", sessions_.active()}, {"delay_ms", shutdown.delay.count()}}},
        "stopping in {} ms, with {} connections", shutdown.delay.count(), sessions_.active());
    const coro::TimeLimit limit(yield, shutdown.delay);
    static_cast<void>(signalled_.wait(yield, [this] { return stops_ > 1; }));
  }
  log_.info({"stopping", {{"connections", sessions_.active()}}}, "stopping, with {} connections",
            sessions_.active());
  udp_.close(yield);
  listeners_.close(yield);
  {
    const coro::TimeLimit limit(yield, shutdown.timeout);
    sessions_.drain();
    static_cast<void>(sessions_.wait_until_none(yield));
  }
  const bool in_time = sessions_.active() == 0 && stops_ <= 1;
  if (sessions_.active() > 0) {
    log_.warn({"not_ended", {{"connections", sessions_.active()}}},
              "{} connections did not end in time", sessions_.active());
    sessions_.abort();
    const coro::TimeLimit limit(yield, longest_end);
    static_cast<void>(sessions_.wait_until_none(yield));
  }
  log_.info({"stopped", {{"connections", sessions_.active()}}}, "{}",
            in_time ? "stopped" : "stopped by force");
  return in_time ? EXIT_SUCCESS : EXIT_FAILURE;
}

// The system may be short of something for a moment. If it stays so the service ends, since it
// could not be stopped.
void Server::handle_signals(coro::Yield yield) {
  for (int failures = 0;;) {
    const auto signal = signals_.wait(yield);
    if (signal) {
      failures = 0;
      try {
        handle_signal(*signal);
      } catch (const std::exception& error) {
        log_.error({"signal_failed", {{"signal", *signal}, {"reason", error.what()}}},
                   "signal {}: {}", *signal, error.what());
      }
      continue;
    }
    const bool cancelled = signal.error() == boost::asio::error::operation_aborted;
    if (!cancelled && ++failures == most_failures)
      throw boost::system::system_error(signal.error(), "cannot wait for signals");
    if (cancelled || coro::sleep_for(yield, pause_between_failures)) return;
  }
}

void Server::handle_signal(int signal) {
  if (signal == SIGRTMIN) ask_for_upgrade();  // its number is none at compile time
  switch (signal) {
    case SIGHUP:
      if (startup_.terminal.closed_by(signals_.origin())) {
        log_.info({"terminal_closed"}, "the terminal was closed");
        stops_ = std::max(stops_, 1);  // several may report it, none of them out of impatience
      } else {
        reload_asked_ = true;
      }
      break;
    case SIGUSR1:
      log_statistics();
      break;
    case SIGUSR2:
      log_.reopen();
      break;
    case SIGTERM:
    case SIGINT:  // a second one means that the draining takes too long
      if (++stops_ > 1) sessions_.abort();
      break;
    default:
      break;
  }
  signalled_.notify_all();
}

void Server::log_statistics() {
  const Status now = status();
  log_.answer("statistics", to_log_lines(now), "\"statistics\":" + to_json(now));
}

// How late a timer fires that is due: each client waits as long, besides for the network. The
// history is for those who ask the admin endpoint.
void Server::measure_lag(coro::Yield yield) {
  for (;;) {
    const auto due = coro::from_now(between_measurements);
    if (coro::sleep_until(yield, due)) return;
    const auto now = coro::Clock::now();
    lag_.record(now - due);
    if (admin_.listens())
      history_.record(statistics_, sessions_.speaking_tls(), now - due, now);
    else
      history_.clear();
  }
}

Status Server::status() const {
  using std::chrono::duration_cast;
  using std::chrono::seconds;
  std::optional<seconds> certificate_left;
  if (tls_)
    certificate_left = duration_cast<seconds>(tls_->expires - std::chrono::system_clock::now());
  return {
      .statistics = statistics_,
      .scheduler_lag = lag_,
      .history = history_,
      .coroutines = coroutines(),
      .dropped_log_lines = log_.dropped_lines(),
      .ready = ready_ && listens(),
      .limits = {.max_connections = config_.limits.max_connections,
                 .max_connections_per_ip = config_.limits.max_connections_per_ip,
                 .accept_rate = config_.limits.accept_rate,
                 .udp_rate = config_.udp.rate},
      .full = sessions_.full(),
      .tls_connections = sessions_.speaking_tls(),
      .certificate_left = certificate_left,
      .uptime = duration_cast<std::chrono::milliseconds>(coro::Clock::now() - statistics_.started)};
}

// Since the start of the service, not only of this program.
coro::Scheduler::Counters Server::coroutines() const {
  coro::Scheduler::Counters counters = scheduler_.counters();
  counters.peak = std::max(counters.peak, earlier_coroutines_.peak);
  counters.spawned += earlier_coroutines_.spawned;
  counters.failed += earlier_coroutines_.failed;
  return counters;
}

void Server::provide_descriptors() {
  const std::size_t most = config_.limits.max_connections;
  const std::size_t have = program::raise_descriptor_limit(most == 0 ? program::as_many_as_possible
                                                                     : most + own_descriptors);
  if (have < most + own_descriptors) {
    log_.warn({"few_descriptors", {{"needed", most + own_descriptors}, {"allowed", have}}},
              "{}: {} connections need {} descriptors, but the system allows {} (ulimit -n, "
              "LimitNOFILE=)",
              config_.origins.where("limits.max_connections"), most, most + own_descriptors, have);
  }
}

}  // namespace server

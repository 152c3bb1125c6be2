#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>

#include "client/cli/options.hpp"
#include "client/ping/ping_report.hpp"
#include "client/ping/sequence.hpp"
#include "client/wire/failure.hpp"
#include "coro/condition.hpp"
#include "coro/io.hpp"
#include "coro/scheduler.hpp"
#include "coro/signals.hpp"
#include "coro/task.hpp"

namespace client {

/// A ping by TCP or UDP: the interval, the count, the deadline, signals, the lines. One coroutine
/// sends, one gives up on what is late, one waits for signals; the derived class receives.
class PingRun {
 public:
  PingRun(coro::Scheduler& scheduler, const Options& options);
  virtual ~PingRun() = default;
  PingRun(const PingRun&) = delete;
  PingRun& operator=(const PingRun&) = delete;
  PingRun(PingRun&&) = delete;
  PingRun& operator=(PingRun&&) = delete;

  /// Spawns the coroutines.
  void begin();
  int exit_status() const;

 protected:
  /// The way to the server. Each failure to open is reported; false if there is no way, or if the
  /// coroutine was cancelled.
  virtual bool open(coro::Yield yield) = 0;
  virtual bool is_open() const = 0;
  virtual void close() = 0;
  /// Calls sent(), and sends the echo with this number.
  virtual void send(std::uint64_t number, coro::Yield yield) = 0;

  void sent();
  /// Returns what the arrival of an echo of this number is, once it is counted.
  Sequence::Arrived received(std::uint64_t number);
  void mismatched(std::optional<std::uint64_t> number);
  void lose_oldest();
  /// Nothing happens if it is not under way.
  void lose(std::uint64_t number);

  coro::Scheduler& scheduler() const { return *scheduler_; }
  const Options& options() const { return *options_; }
  PingReport& report() { return report_; }
  PingTally& tally() { return tally_; }
  const Sequence& echoes() const { return echoes_; }
  bool was_interrupted() const { return interrupted_; }

  /// On standard error, and with --json on standard output too.
  void show_failure(const Failure& failure);
  /// Unless only the summary is wanted.
  void show(const std::string& line);

 private:
  void run(coro::Yield yield);
  bool ping_until_the_end(coro::Yield yield);
  void send_all(coro::Yield yield);
  coro::error_code wait_for_next(std::uint64_t number, coro::Yield yield);
  bool none_under_way() const { return echoes_.under_way() == 0; }
  void give_up_on_late(coro::Yield yield);
  void watch_signals(coro::Yield yield);
  std::string summary() const;
  void show_always(const std::string& line);
  void end();

  coro::Scheduler* scheduler_;
  const Options* options_;
  PingReport report_;
  coro::Signals signals_;
  Sequence echoes_;
  coro::Condition changed_;  // echoes_ have
  PingTally tally_;
  coro::Clock::time_point started_ = coro::Clock::now();
  coro::Task main_;
  bool interrupted_ = false;
};

}  // namespace client

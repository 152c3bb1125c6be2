#pragma once

#include <optional>
#include <string>

#include "client/cli/options.hpp"
#include "client/ping/ping_report.hpp"
#include "client/wire/failure.hpp"
#include "coro/scheduler.hpp"
#include "coro/signals.hpp"
#include "coro/task.hpp"

namespace client {

/// The frame of all that `--ping` does: it opens a way to the server, ends at the deadline, at
/// Ctrl-C or when the output cannot be written, and shows how it stands on SIGQUIT.
class PingProgram {
 public:
  PingProgram(coro::Scheduler& scheduler, const Options& options);
  virtual ~PingProgram() = default;
  PingProgram(const PingProgram&) = delete;
  PingProgram& operator=(const PingProgram&) = delete;
  PingProgram(PingProgram&&) = delete;
  PingProgram& operator=(PingProgram&&) = delete;

  /// Spawns its coroutines.
  void begin();
  /// After an exception: shows the failure, and how far it came.
  void give_up(const Failure& failure);
  virtual int exit_status() const = 0;

 protected:
  /// The way to the server. Each failure to open is reported; false if there is no way, or if the
  /// coroutine was cancelled.
  virtual bool open(coro::Yield yield) = 0;
  virtual void close() = 0;
  /// Runs to its end, or until cancelled, once the way is open.
  virtual void send_all(coro::Yield yield) = 0;
  virtual std::string summary() const = 0;

  coro::Scheduler& scheduler() const { return *scheduler_; }
  const Options& options() const { return *options_; }
  PingReport& report() { return report_; }
  const PingReport& report() const { return report_; }
  bool was_interrupted() const { return interrupted_; }
  const std::optional<Failure>& first_failure() const { return first_failure_; }

  /// On standard error, and with --json on standard output too. A check has it in its line.
  void show_failure(const Failure& failure);
  /// Unless only the summary is wanted.
  void show(const std::string& line);

 private:
  void run(coro::Yield yield);
  bool run_until_the_end(coro::Yield yield);
  void watch_signals(coro::Yield yield);
  void show_summary();
  void show_always(const std::string& line);
  std::string with_time(const std::string& line) const;
  void end();

  coro::Scheduler* scheduler_;
  const Options* options_;
  PingReport report_;
  coro::Signals signals_;
  coro::Task main_;
  bool interrupted_ = false;
  std::optional<Failure> first_failure_;
};

}  // namespace client

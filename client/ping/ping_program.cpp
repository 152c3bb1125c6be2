#include "client/ping/ping_program.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <optional>

#include "client/output/output.hpp"
#include "coro/time_limit.hpp"

namespace client {

using coro::Yield;

PingProgram::PingProgram(coro::Scheduler& scheduler, const Options& options)
    : scheduler_(&scheduler),
      options_(&options),
      report_(options.ping.json),
      signals_(scheduler, {SIGINT, SIGTERM, SIGQUIT}) {}

void PingProgram::begin() {
  main_ = scheduler_->spawn("ping", [this](Yield yield) { run(yield); }).value();
}

void PingProgram::give_up(const Failure& failure) {
  show_failure(failure);
  show_summary();
}

void PingProgram::run(Yield yield) {
  const auto signals =
      scheduler_->spawn("signals", [this](Yield inner) { watch_signals(inner); }).value();
  const bool has_results = run_until_the_end(yield);
  // A failure to connect has been reported. A program gets its last object or line all the same.
  const bool is_for_people = !options_->ping.json && !options_->ping.check;
  if (has_results || interrupted_ || !is_for_people) show_summary();
  close();
  signals.cancel();
}

// False if there could be no connection. The deadline counts from the very beginning.
bool PingProgram::run_until_the_end(Yield yield) {
  std::optional<coro::TimeLimit> deadline;
  if (options_->ping.deadline) deadline.emplace(yield, *options_->ping.deadline);
  const bool opened = open(yield);
  if (opened) send_all(yield);
  if (opened || !deadline || !deadline->expired()) return opened;
  show_failure({FailureClass::timeout,
                fmt::format("no connection to {} by the --deadline", options_->target.name())});
  return true;
}

void PingProgram::watch_signals(Yield yield) {
  while (const auto signal = signals_.wait(yield)) {
    if (*signal == SIGQUIT) {
      print_error(summary() + '\n');
      continue;
    }
    if (::isatty(STDOUT_FILENO) == 1 && !options_->ping.check) print("\n");  // after the ^C
    end();
  }
}

void PingProgram::end() {
  interrupted_ = true;
  main_.cancel();
}

void PingProgram::show_failure(const Failure& failure) {
  if (!first_failure_) first_failure_ = failure;
  if (options_->ping.check) return;
  client::report(failure);
  if (options_->ping.json) show_always(with_time(report_.failed(failure)));
}

void PingProgram::show(const std::string& line) {
  if (!options_->ping.quiet) show_always(with_time(line));
}

void PingProgram::show_summary() {
  show_always(options_->ping.json ? with_time(summary()) : summary());
}

std::string PingProgram::with_time(const std::string& line) const {
  const auto& ping = options_->ping;
  return ping.timestamps ? stamped(line, std::chrono::system_clock::now(), ping.json) : line;
}

void PingProgram::show_always(const std::string& line) {
  print(line + '\n');
  if (print_failure()) end();
}

}  // namespace client

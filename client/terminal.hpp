#pragma once

#include <unistd.h>

#include <boost/asio/basic_signal_set.hpp>
#include <deque>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "client/line_editor.hpp"
#include "client/line_history.hpp"
#include "client/rendering.hpp"
#include "coro/readiness.hpp"
#include "coro/scheduler.hpp"

namespace client {

/// The person at the terminal: lines they type, and what is said to them meanwhile without
/// disturbing them.
class Terminal {
 public:
  /// Standard input and output must be terminals. Takes over the signals that a terminal sends.
  Terminal(coro::Scheduler& scheduler, bool remember_lines);
  ~Terminal();
  Terminal(const Terminal&) = delete;
  Terminal& operator=(const Terminal&) = delete;
  Terminal(Terminal&&) = delete;
  Terminal& operator=(Terminal&&) = delete;

  /// Suspends until a line is complete. Nothing: Ctrl-D, the terminal is gone, or the caller was
  /// cancelled.
  std::optional<std::string> read_line(coro::Yield yield);
  bool is_reading() const { return reading_; }
  /// No more lines: signals do again what they did before.
  void stop();

  void set_prompt(std::string_view prompt);

  /// Shows a line, or several, above the prompt. No control characters but the style's and line
  /// ends.
  void say(std::string_view line);
  /// The same, on standard error.
  void complain(std::string_view line);
  const Style& style() const { return style_; }

  /// Called for Ctrl-C; while a line is being typed, that line has been cleared.
  void on_interrupt(std::function<void()> action) { on_interrupt_ = std::move(action); }
  /// Called when the process is told to end (SIGTERM, SIGHUP).
  void on_termination(std::function<void(int signal)> action) {
    on_termination_ = std::move(action);
  }

 private:
  std::optional<char> next_key(coro::Yield yield);
  void watch_signals(coro::Yield yield);
  void handle(int signal);
  void pause();
  void report_history(const std::string& problem);

  Style style_ = Style::of(STDOUT_FILENO);
  std::optional<LineHistory> history_;
  LineEditor editor_;
  coro::Readiness keyboard_;
  std::deque<char> typed_;  // read from the terminal, not yet given to the editor
  bool reading_ = false;
  std::function<void()> on_interrupt_ = [] {};
  std::function<void(int)> on_termination_ = [](int) {};
  boost::asio::basic_signal_set<coro::Executor> signals_;
  coro::Task signal_task_;
};

}  // namespace client

#pragma once

#include <deque>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "client/output/rendering.hpp"
#include "client/terminal/bracketed_paste.hpp"
#include "client/terminal/line_editor.hpp"
#include "client/terminal/line_history.hpp"
#include "client/terminal/plain_lines.hpp"
#include "client/terminal/terminal_modes.hpp"
#include "coro/readiness.hpp"
#include "coro/scheduler.hpp"

namespace client {

/// The person at the terminal: lines they type, and what is said to them meanwhile without
/// disturbing them. A terminal that understands no escape sequences gets none, and its lines are
/// edited by the kernel.
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
  /// No more lines: what was typed is remembered, the terminal is as it was before, and so is what
  /// signals do.
  void stop();

  /// Printable text; it is escaped where it is not.
  void set_prompt(std::string_view prompt);

  /// Shows a line, or several, above the prompt. No control characters but the style's and line
  /// ends.
  void say(std::string_view line);
  /// The same for an error, on standard error, which may be no terminal.
  void complain(std::string_view line);
  const Style& style() const { return style_; }

  /// Called for Ctrl-C; while a line is being typed, that line has been cleared.
  void on_interrupt(std::function<void()> action) { on_interrupt_ = std::move(action); }
  /// Called for Ctrl-\ (SIGQUIT).
  void on_status(std::function<void()> action) { on_status_ = std::move(action); }
  /// Called when the process is told to end (SIGTERM, SIGHUP).
  void on_termination(std::function<void(int signal)> action) {
    on_termination_ = std::move(action);
  }

 private:
  void begin_editing();
  std::optional<std::string> edit_line(coro::Yield yield);
  std::optional<std::string> read_plain_line(coro::Yield yield);
  bool await_strokes(coro::Yield yield);
  void write_above(const std::function<void()>& write);
  void watch_signals(coro::Yield yield);
  void handle(int signal);
  void clear_line();
  void pause();
  void go_on();
  void report_history(const std::string& problem);

  Style style_ = Style::of(STDOUT_FILENO);
  Style error_style_ = Style::of(STDERR_FILENO);
  std::optional<LineHistory> history_;
  TerminalModes modes_;
  std::optional<LineEditor> editor_;  // none: the kernel edits
  PlainLines plain_;
  coro::Readiness keyboard_;
  BracketedPaste paste_;
  std::deque<Stroke> strokes_;  // read from the terminal, not yet used
  bool reading_ = false;
  bool stopped_ = false;
  std::function<void()> on_interrupt_ = [] {};
  std::function<void()> on_status_ = [] {};
  std::function<void(int)> on_termination_ = [](int) {};
  coro::Task signal_task_;
};

}  // namespace client

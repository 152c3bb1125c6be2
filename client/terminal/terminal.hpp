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
#include "coro/readiness.hpp"
#include "coro/scheduler.hpp"

namespace client {

/// The person at the terminal: reads the lines they type, and shows lines meanwhile without
/// disturbing what is half typed. A terminal that understands no escape sequences gets none; the
/// kernel edits its lines.
class Terminal {
 public:
  /// Called for SIGINT (Ctrl-C; the half-typed line has been cleared), SIGQUIT (Ctrl-\), SIGTERM
  /// and SIGHUP.
  using SignalHandler = std::function<void(int signal)>;

  /// Standard input and output must be terminals. No history: typed lines are not remembered.
  Terminal(coro::Scheduler& scheduler, std::optional<LineHistory> history,
           LineEditor::Completer completer, SignalHandler on_signal);
  ~Terminal();
  Terminal(const Terminal&) = delete;
  Terminal& operator=(const Terminal&) = delete;

  /// Suspends until a line is complete. Returns nothing after Ctrl-D, if the terminal is gone, or
  /// if the caller is cancelled.
  std::optional<std::string> read_line(coro::Yield yield);
  bool is_reading() const { return reading_; }
  /// Saves the history, and gives back the terminal's modes and the signals. No line can be read
  /// any more.
  void stop();

  /// Printable text; it is escaped where it is not.
  void set_prompt(std::string_view prompt);

  /// Shows one or more lines above the prompt. They must contain no control characters except line
  /// ends and those of a Style.
  void say(std::string_view line);
  /// Shows an error in the same way, on standard error, which may be no terminal.
  void complain(std::string_view line);
  const Style& style() const { return style_; }

 private:
  void begin_editing(LineEditor::Completer completer);
  std::optional<std::string> edit_line(coro::Yield yield);
  std::optional<std::string> read_plain_line(coro::Yield yield);
  std::optional<Stroke> next_stroke(coro::Yield yield);
  void write_above(const std::function<void()>& write);
  void watch_signals(coro::Yield yield);
  void handle(int signal);
  void clear_line();

  Style style_ = Style::of(STDOUT_FILENO);
  Style error_style_ = Style::of(STDERR_FILENO);
  std::optional<LineHistory> history_;
  std::optional<LineEditor> editor_;  // none: the kernel edits
  PlainLines plain_;
  coro::Readiness keyboard_;
  BracketedPaste paste_;
  std::deque<Stroke> strokes_;  // read from the terminal, not yet used
  bool reading_ = false;
  bool stopped_ = false;
  SignalHandler on_signal_;
  coro::Task signal_task_;
};

}  // namespace client

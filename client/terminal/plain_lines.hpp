#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>

namespace client {

/// The prompt and lines of a terminal that understands no escape sequences, or whose user wants no
/// editing: the kernel edits the line (termios(3), ICANON) and shows it, so nobody here knows what
/// is half typed.
class PlainLines {
 public:
  void set_prompt(std::string_view prompt) { prompt_ = prompt; }

  /// Shows the prompt: a line begins.
  void begin();
  /// Adds a byte that was read; returns the line that is complete with it.
  std::optional<std::string> take(char byte);
  /// The end of the input (Ctrl-D): what was typed before it on the same line, if anything.
  std::optional<std::string> end_of_input();
  /// Lets this write on a line of its own, and shows the prompt again.
  void write_above(const std::function<void()>& write);
  /// Goes on beneath the prompt.
  void end_line();
  /// The kernel has forgotten the half-typed line.
  void clear_line();

 private:
  std::string prompt_;
  std::string line_;
  bool begun_ = false;  // the prompt is on the screen
};

}  // namespace client

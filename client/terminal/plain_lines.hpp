#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>

namespace client {

/// The prompt and lines of a terminal that understands no escape sequences, or whose user wants no
/// editing. The kernel edits the line and shows it (termios(3), ICANON), so the half-typed line is
/// unknown here.
class PlainLines {
 public:
  void set_prompt(std::string_view prompt) { prompt_ = prompt; }

  /// Shows the prompt: a line begins.
  void begin();
  /// Adds a byte that was read, and returns the line if it is complete.
  std::optional<std::string> take(char byte);
  /// At the end of the input (Ctrl-D), returns what was typed before it on the same line, if
  /// anything.
  std::optional<std::string> end_of_input();
  /// Lets this write on a line of its own, and shows the prompt again.
  void write_above(const std::function<void()>& write);
  /// Forgets the half-typed line, as the kernel has done.
  void clear_line();

 private:
  void end_line();

  std::string prompt_;
  std::string line_;
  bool begun_ = false;  // the prompt is on the screen
};

}  // namespace client

#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "tests/temporary_directory.hpp"

namespace service {

// A real terminal (tmux) in which a shell command runs. The test types and looks as a person would.
class Terminal {
 public:
  struct Size {
    int columns = 100;
    int rows = 30;
  };

  // Runs the command in a shell. When it has ended, the screen shows `exit=STATUS`. HOME is a
  // directory of the test's own.
  explicit Terminal(const std::string& command);
  Terminal(const std::string& command, Size size);
  Terminal(const Terminal&) = delete;
  Terminal& operator=(const Terminal&) = delete;
  ~Terminal();

  // Types text, without Enter.
  void type(std::string_view text) const;
  // Presses a key, by its tmux name: "Enter", "C-c", "Up".
  void press(std::string_view key) const;
  void enter(std::string_view line) const;
  void resize(Size size) const;

  // The lines of the screen without the blanks at their ends, and without the empty ones at the
  // bottom.
  std::string screen() const;
  // The same with the escape sequences of colours.
  std::string coloured_screen() const;

  // Waits until the screen contains the text, and returns it. Throws std::runtime_error with the
  // screen when time is up.
  std::string wait_for(std::string_view text) const;
  // Waits until the last line of the screen is this one.
  std::string wait_for_last_line(std::string_view line) const;

  const TemporaryDirectory& home() const { return home_; }

 private:
  std::string tmux(std::vector<std::string> arguments) const;

  TemporaryDirectory home_;
  std::string socket_;
};

// The last line of a screen.
std::string last_line(std::string_view screen);

}  // namespace service

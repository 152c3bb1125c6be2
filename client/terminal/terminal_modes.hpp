#pragma once

namespace client {

/// The modes of the terminal that standard input is (termios(3)): for editing, keys come one by one
/// and without an echo, and pasted text is marked. They are given back however the process ends,
/// but by SIGKILL: also by a signal that is not caught, an exit or an abort.
class TerminalModes {
 public:
  /// Remembers the modes. There is one at a time.
  TerminalModes();
  /// Gives the terminal back.
  ~TerminalModes();
  TerminalModes(const TerminalModes&) = delete;
  TerminalModes& operator=(const TerminalModes&) = delete;
  TerminalModes(TerminalModes&&) = delete;
  TerminalModes& operator=(TerminalModes&&) = delete;

  /// Sets the modes for editing; in the background this stops the process until it is brought back.
  static void take();
  /// Sets the modes that there were. Not in the background, where the terminal is another's.
  static void give_back();
};

}  // namespace client

#pragma once

#include <deque>
#include <string>
#include <string_view>

namespace client {

/// One byte from the keyboard, or where a paste begins or ends.
struct Stroke {
  enum class Kind { typed, paste_begins, pasted, paste_ends };

  Kind kind = Kind::typed;
  char byte = '\0';  ///< of typed and pasted
};

/// Distinguishes pasted text from typed keys, so that a Tab or an escape sequence in a paste is
/// text. The terminal encloses a paste in two sequences (mode 2004 of xterm's ctlseqs).
class BracketedPaste {
 public:
  static constexpr std::string_view begin = "\033[200~";
  static constexpr std::string_view end = "\033[201~";
  static constexpr std::string_view enable = "\033[?2004h";
  static constexpr std::string_view disable = "\033[?2004l";

  /// Adds to strokes what this byte makes certain: nothing while it may be part of a sequence, or
  /// several strokes.
  void take(char byte, std::deque<Stroke>& strokes);

  /// Treats the next bytes as typed, since the end of the paste may never come. If it does come, it
  /// is left out.
  void give_up();

 private:
  std::string held_;  // of a sequence that is not complete
  bool pasting_ = false;
};

}  // namespace client

#pragma once

#include <deque>
#include <string>
#include <string_view>

namespace client {

/// What comes from a keyboard.
struct Stroke {
  enum class Kind { typed, paste_begins, pasted, paste_ends };

  Kind kind = Kind::typed;
  char byte = '\0';  ///< of typed and pasted
};

/// Tells what is pasted from what is typed, where the terminal encloses it in two sequences (mode
/// 2004 of xterm's ctlseqs), so that a Tab or an escape sequence in it is text.
class BracketedPaste {
 public:
  static constexpr std::string_view begin = "\033[200~";
  static constexpr std::string_view end = "\033[201~";
  static constexpr std::string_view ask_for_it = "\033[?2004h";
  static constexpr std::string_view no_more_of_it = "\033[?2004l";

  /// Adds to strokes what is certain with this byte: nothing while it may be a part of a sequence,
  /// or several.
  void take(char byte, std::deque<Stroke>& strokes);

  /// What follows is typed: whoever gives up a paste need not wait for its end, which may never
  /// come. If it does, it is left out.
  void give_up();

 private:
  std::string held_;  // of a sequence that is not complete
  bool pasting_ = false;
};

}  // namespace client

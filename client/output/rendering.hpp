#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <string_view>

/// How bytes from the network are shown: nothing that came from there reaches the terminal as a
/// control.
namespace client {

/// Printable characters of the locale's encoding as they are, everything else, also what is
/// invisible (program/invisible.hpp), as `\n`, `\t`, `\r` or `\xNN`.
std::string escaped(std::string_view bytes);

/// Rows such as `00000010  68 65 6c 6c 6f 0a                                 |hello.|`, each with
/// its line end.
std::string hex_dump(std::string_view bytes);

/// Whether a character is shown as it is.
bool is_shown(wchar_t character);

/// Whether the descriptor is a terminal that understands the escape sequences of ECMA-48, as TERM
/// and terminfo(5) have it; not one that is dumb or unknown, such as Emacs' shell.
bool understands_escapes(int descriptor);

struct TerminalSize {
  std::size_t rows;
  std::size_t columns;
};

/// The size of the terminal that the descriptor is; 24 rows of 80 columns if it is unknown.
TerminalSize terminal_size(int descriptor);

/// A line such as `[#####     ] 52%` of a share from 0 to 1 and figures, no longer than `width`
/// columns: the bar is shorter than `widest` where there is less room, or left out.
std::string bar_line(double share, std::string_view figures, std::size_t widest, std::size_t width);

/// Colours, or nothing where they are not wanted.
class Style {
 public:
  explicit Style(bool coloured) : coloured_(coloured) {}

  /// Coloured if the descriptor is a terminal that understands it, and NO_COLOR is not set
  /// (no-color.org).
  static Style of(int descriptor);

  bool coloured() const { return coloured_; }
  std::string bold(std::string_view text) const { return wrap("1", text); }
  std::string dim(std::string_view text) const { return wrap("2", text); }
  std::string bad(std::string_view text) const { return wrap("31", text); }

 private:
  std::string wrap(std::string_view code, std::string_view text) const;

  bool coloured_;
};

}  // namespace client

#pragma once

#include <cstddef>

namespace client {

/// Whether the descriptor is a terminal that understands the escape sequences of ECMA-48, as TERM
/// and terminfo(5) have it; not one that is dumb or unknown, such as Emacs' shell.
bool understands_escapes(int descriptor);

struct TerminalSize {
  std::size_t rows;
  std::size_t columns;
};

/// The size of the terminal that the descriptor is; 24 rows of 80 columns if it is unknown.
TerminalSize terminal_size(int descriptor);

}  // namespace client

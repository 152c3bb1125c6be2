#pragma once

namespace client {

/// Whether the descriptor is a terminal that understands the escape sequences of ECMA-48, as TERM
/// and terminfo(5) have it; not one that is dumb or unknown, such as Emacs' shell.
bool understands_escapes(int descriptor);

}  // namespace client

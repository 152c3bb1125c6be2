#pragma once

#include "client/cli/options.hpp"

namespace client {

/// Echoes standard input to standard output by way of the server: what was read is sent, what comes
/// back is compared with it and, where it is the same, written. Both ways at once, in bounded
/// memory, for bytes of any kind. At the end of the input the sending half is closed, and the rest
/// is waited for as long as there is progress.
///
/// Returns the exit status: 0 only if every byte came back the same, and nothing else.
int run_pipe(const Options& options);

}  // namespace client

#pragma once

#include "client/cli/options.hpp"

namespace client {

/// Echoes standard input to standard output by UDP: each line, with its line end, is a datagram,
/// and the next one is sent when its echo has been written. Ends at the first line that is lost or
/// changed: the output is always the beginning of the input.
///
/// Returns the exit status: 0 only if every byte came back the same.
int run_datagram_pipe(const Options& options);

}  // namespace client

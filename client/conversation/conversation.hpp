#pragma once

#include "client/cli/options.hpp"

namespace client {

/// The interactive client: lines typed at the prompt are sent, their echoes are shown with their
/// round-trip time as they come, and commands begin with a colon.
///
/// Returns the exit status: 0 only if there was a connection and every byte came back the same.
int run_conversation(const Options& options);

}  // namespace client

#pragma once

#include "client/cli/options.hpp"

namespace CLI {
class App;
}

namespace client {

/// Refuses what makes no sense with --udp: throws a CLI::ParseError. To be called with the parsed
/// command line.
void check_udp(const CLI::App& app, const Options& options);

}  // namespace client

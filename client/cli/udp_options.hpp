#pragma once

#include <CLI/CLI.hpp>

#include "client/cli/options.hpp"

namespace client {

/// Refuses what makes no sense with --udp: throws a CLI::ParseError. To be called with the parsed
/// command line.
void check_udp(const CLI::App& app, const Options& options);

}  // namespace client

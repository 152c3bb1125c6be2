#pragma once

#include <CLI/CLI.hpp>

#include "client/cli/options.hpp"

namespace client {

/// How often --ping asks for --warning and --critical, unless it is given a count or a deadline.
constexpr std::size_t usual_check_count = 5;

/// The options that belong to --ping alone.
void add_ping(CLI::App& app, PingOptions& ping);

/// Refuses limits that contradict each other: throws a CLI::ParseError. Completes the options of a
/// check. To be called with the parsed command line.
void take_check(const CLI::App& app, PingOptions& ping);

}  // namespace client

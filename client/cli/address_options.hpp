#pragma once

#include <CLI/CLI.hpp>

#include "client/wire/target.hpp"

namespace client {

/// -4, -6 and --source.
void add_addresses(CLI::App& app, Target& target);

/// Refuses families that contradict each other or the target, and what a Unix socket has not:
/// throws a CLI::ParseError. The source decides the family. To be called with the parsed command
/// line.
void take_addresses(const CLI::App& app, Target& target);

}  // namespace client

#pragma once

#include "client/cli/options.hpp"
#include "client/wire/failure.hpp"

namespace client {

/// Sends one echo after the other, at a steady interval, and says how long each took, as ping(8)
/// does. A connection that is lost is opened again for the next echo. Ends at the count, at the
/// deadline or at Ctrl-C; SIGQUIT shows how it stands.
///
/// Returns the exit status: 0 only if something came back and nothing was lost or wrong, and, with
/// both a count and a deadline, if all came back in time.
///
/// With --warning or --critical it prints one line instead, and returns the exit status of a
/// monitoring plugin: 0 to 3.
int run_ping(const Options& options);

/// Prints the line of such a check that could not begin. Returns its exit status.
int print_unknown(const Failure& failure);

}  // namespace client

#pragma once

#include <optional>
#include <string>

#include "client/cli/options.hpp"
#include "client/ping/ping_report.hpp"
#include "client/wire/failure.hpp"

namespace client {

/// The state of a service as monitoring systems have it (Monitoring Plugins Development
/// Guidelines); the number is the exit status.
enum class CheckState { ok = 0, warning = 1, critical = 2, unknown = 3 };

/// A ping compared with the limits of --warning and --critical.
struct Check {
  CheckState state = CheckState::unknown;
  /// `OK - ...`, and if there was a ping, `|` and its performance data. Without a line end.
  std::string line;

  int exit_status() const { return static_cast<int>(state); }
};

/// failure: the first one of the run. Without an echo the state is critical, or unknown if the
/// failure is one of this machine or of the name; `interrupted` by a signal before anything was
/// decided is unknown too. An echo that came back changed is critical.
Check check(const Options& options, const PingTally& tally, const std::optional<Failure>& failure,
            bool interrupted);

/// For a run that could not begin: a wrong option, or no memory.
Check unknown_check(const Failure& failure);

}  // namespace client

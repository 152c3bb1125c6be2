#pragma once

#include <optional>
#include <string>

#include "server/config/config.hpp"

namespace server {

/// Asks the service that runs with this configuration on this machine whether it is well, as a
/// container's health check. The admin endpoint decides (/healthz): it answers however many clients
/// there are. Without one, or on a port that is not known (0), the service is well if it can be
/// connected to wherever it listens. Returns in 3 s what is wrong, in one line; nothing if it is
/// well.
std::optional<std::string> check_health(const Config& config);

}  // namespace server

#pragma once

#include "server/config/config.hpp"

namespace server {

/// Asks the service that runs with this configuration on this machine whether it is healthy, as a
/// container's health check. The admin endpoint decides (/healthz): it answers however many clients
/// there are. Without one, or on a port that is not known (0), the service is healthy if it accepts
/// connections wherever it listens. Throws std::runtime_error within 3 s if it is not, with the
/// reason in one line.
void check_health(const Config& config);

}  // namespace server

#pragma once

#include <string>

#include "server/status/process_usage.hpp"
#include "server/status/status.hpp"

namespace server {

/// The status and the account of the process in Prometheus' text format, version 0.0.4
/// (https://prometheus.io/docs/instrumenting/exposition_formats/). Figures that are missing are
/// left out.
std::string to_prometheus(const Status& status, const ProcessUsage& process);

}  // namespace server

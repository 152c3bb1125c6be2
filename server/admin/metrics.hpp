#pragma once

#include <string>

#include "server/status/status.hpp"

namespace server {

/// The status in Prometheus' text format, version 0.0.4
/// (https://prometheus.io/docs/instrumenting/exposition_formats/).
std::string to_prometheus(const Status& status);

}  // namespace server

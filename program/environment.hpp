#pragma once

#include <optional>
#include <string>

namespace program {

/// The value of an environment variable; none if it is not set or empty.
std::optional<std::string> environment(const std::string& variable);

/// Whether a variable was set by Kubernetes (enableServiceLinks) or a Docker link, not by an
/// operator: of a service called coroecho they make COROECHO_PORT=tcp://10.0.0.1:8888, of
/// coroecho-admin COROECHO_ADMIN_PORT.
bool is_service_link(const std::string& variable);

}  // namespace program

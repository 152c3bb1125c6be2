#pragma once

#include <string>
#include <vector>

namespace server {

/// The environment variable that sets a key: COROECHO_LIMITS_IDLE_TIMEOUT for
/// "limits.idle_timeout".
std::string variable_of(const std::string& key);

/// The values of a key's variable; a list is separated by commas. None if it is not set, or not by
/// an operator (program::is_service_link()).
std::vector<std::string> environment_values(const std::string& key, bool is_list);

/// A line for each variable of `keys` that is ignored since Kubernetes or a Docker link sets it,
/// and for each that sets nothing but looks like one of `keys` misspelt. Other names that begin
/// with COROECHO_ are left alone: the client has some, and Kubernetes makes COROECHO_SERVICE_HOST
/// and the like of a service that is called coroecho.
std::vector<std::string> ignored_variables(const std::vector<std::string>& keys);

}  // namespace server

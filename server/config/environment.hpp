#pragma once

#include <string>
#include <vector>

namespace server {

/// The environment variable that sets a key: COROECHO_LIMITS_IDLE_TIMEOUT for
/// "limits.idle_timeout".
std::string variable_of(const std::string& key);

/// The values of a key's variable; a list is separated by commas. Empty if it is not set,
/// or set by somebody else (foreign_variables()).
std::vector<std::string> environment_values(const std::string& key, bool is_list);

/// One line for each variable that sets nothing but looks like one of `keys` misspelt. Other names
/// that begin with COROECHO_ are left alone: the client has some, and Kubernetes makes
/// COROECHO_SERVICE_HOST and the like of a service that is called coroecho.
std::vector<std::string> misspelt_variables(const std::vector<std::string>& keys);

/// One line for each variable of `keys` that is ignored: a port such as tcp://10.0.0.1:8888, which
/// Kubernetes or a Docker link makes of a service that has our name.
std::vector<std::string> foreign_variables(const std::vector<std::string>& keys);

}  // namespace server

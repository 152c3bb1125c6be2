#pragma once

#include <vector>

#include "server/config/config.hpp"
#include "server/config/setting.hpp"

namespace server {

/// Every key of the configuration, declared once, in the order of config/coroecho.yaml: what the
/// loader reads, the command line overrides and --check-config prints. The settings refer to
/// `config`.
std::vector<Setting> settings(Config& config);

}  // namespace server

#pragma once

#include <filesystem>
#include <string>
#include <string_view>

#include "server/config/config.hpp"
#include "server/config/config_error.hpp"

namespace server {

/// Reads a YAML file over the defaults; an empty file is the defaults. Unknown and duplicate keys,
/// wrong types, values out of range, anchors, aliases, tags, several documents and files above 1
/// MiB are errors. Throws ConfigError.
Config load_config(const std::filesystem::path& file);

/// The same from memory; `name` stands for the file in errors.
Config parse_config(std::string_view yaml, const std::string& name);

/// The effective configuration as YAML, every key; parse_config() makes an equal Config of it.
std::string to_yaml(const Config& config);

}  // namespace server

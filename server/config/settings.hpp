#pragma once

#include <functional>
#include <string>
#include <vector>

#include "server/config/config.hpp"
#include "server/config/yaml_reader.hpp"

namespace server {

/// A key of the configuration, bound to the field that holds its value.
struct Setting {
  std::string key;       // with its section: "limits.max_connections"
  std::string expected;  // for errors: "a whole number from 0 to 65535"
  bool is_list = false;  // then a single value stands for a list of one
  /// Sets the field from one value, or any number of values for a list. Throws ConfigError, whose
  /// line begins with `origin`, if a value has another form; then the field is as before.
  std::function<void(const std::vector<Value>& values, const std::string& origin)> read;
  /// The values that read() makes the same field of.
  std::function<std::vector<Value>()> write;
};

/// Every key of the configuration, declared once, in the order of config/coroecho.yaml: the loader
/// reads it, the command line and the environment override it, --check-config prints it. The
/// settings refer to `config`.
std::vector<Setting> settings(Config& config);

}  // namespace server

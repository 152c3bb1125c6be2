#pragma once

#include <string>

#include "server/config/loader.hpp"
#include "tests/fuzz/fuzzer.hpp"

namespace fuzz {

/// A configuration prints as a file that loads again to the same.
inline void require_loads_again(const server::Config& config) {
  const std::string printed = server::to_yaml(config);
  try {
    require(server::parse_config(printed, "printed.yaml") == config, "loads again to the same",
            printed);
  } catch (const server::ConfigError& error) {
    require(false, error.what(), printed);
  }
}

}  // namespace fuzz

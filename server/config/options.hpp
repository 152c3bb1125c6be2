#pragma once

#include <filesystem>
#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

#include "server/config/config.hpp"
#include "server/config/yaml_reader.hpp"

namespace server {

/// A value of the configuration that the command line or the environment sets.
struct Override {
  std::string key;            // as in the file: "port", "log.level"
  std::vector<Value> values;  // one, or several for a list
  std::string origin;         // "--port" or "COROECHO_PORT"
};

/// The wishes of the command line and the environment.
struct Options {
  std::optional<std::filesystem::path> config;
  std::vector<Override> overrides;    // each key once: the command line beats the environment
  std::vector<std::string> warnings;  // a line for each variable that is ignored
  bool check_config = false;
  bool check_health = false;
  /// Answer whether this program can go on where one has stopped whose state is of this version.
  std::optional<int> check_upgrade;
  bool upgrade = false;  // the service of the pid file, which is given then
  bool daemon = false;   // paths are absolute then, for a daemon leaves the directory it starts in
  std::optional<std::filesystem::path> pidfile;
  std::filesystem::path directory;  // with daemon: where relative paths of the configuration begin
  std::optional<std::string> answer;  // set by --help and --version: print this and leave
};

/// The user's mistake on the command line or in the environment. what() is one line that names the
/// option or variable.
class UsageError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// Checks the values, so that a typing error is reported before any file is read. Throws
/// UsageError.
Options parse_options(int argc, const char* const* argv);

/// The defaults, then the file, then the overrides. A reload calls it again, in whatever directory
/// the process is then. Throws ConfigError.
Config effective_config(const Options& options);

}  // namespace server

#pragma once

#include <stdexcept>
#include <string>
#include <string_view>

namespace server {

/// The operator's mistake in a configuration. what() is one line without control characters:
/// "FILE:LINE: key 'limits.max_connections': message".
class ConfigError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// "FILE:LINE: key 'port'". The file's name and the key are escaped.
std::string place(const std::string& file, int line, std::string_view key);

/// "FILE:LINE", or only "FILE" if the line is 0.
std::string place(const std::string& file, int line);

/// Foreign text for a message: program::escaped(), cut if it is long.
std::string escaped(std::string_view text);

}  // namespace server

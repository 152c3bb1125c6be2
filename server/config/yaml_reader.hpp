#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace server {

/// A scalar as it is written.
struct Value {
  std::string text;
  bool quoted = false;  // "8888" is a text where 8888 is a number
};

/// One key of a configuration file.
struct Entry {
  enum class Kind { nothing, scalar, list, section };

  std::string key;  // with its section: "limits.max_connections"
  int line = 0;     // counted from 1
  Kind kind = Kind::nothing;
  std::vector<Value> values;  // one for a scalar
};

/// Reads the part of YAML that a configuration needs, in the order of the file: scalars, lists of
/// scalars, and sections of them. Everything else that YAML has (duplicate keys, anchors, aliases,
/// merge keys, tags, deeper nesting, several documents, directives, scalars of several lines),
/// control characters and invalid UTF-8 are refused: a reader would not see them at a glance.
/// `name` stands for the file in errors. Throws ConfigError.
std::vector<Entry> read_yaml(std::string_view text, const std::string& name);

}  // namespace server

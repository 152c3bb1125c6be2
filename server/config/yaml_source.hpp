#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace server {

/// The text of a configuration file, line by line. It refuses text that yaml-cpp takes or drops
/// without an error, and that a reader does not see at a glance: control characters, invalid UTF-8,
/// directives, and scalars of several lines, such as one whose closing quote was forgotten.
class YamlSource {
 public:
  /// `text` must outlive it, `name` stands for the file in errors. Throws ConfigError for a bad
  /// character or a directive.
  YamlSource(std::string_view text, const std::string& name);

  /// Checks the scalar that begins at this line and column, both counted from 0, in bytes, and that
  /// yaml-cpp reads as `value`. Throws ConfigError, whose line begins with `place`.
  void check_scalar(int line, int column, std::string_view value, const std::string& place) const;

  /// For a line that yaml-cpp does not understand, counted from 0: throws ConfigError, whose line
  /// begins with `place`, if a tab is in its indentation.
  void check_indentation(int line, const std::string& place) const;

 private:
  std::vector<std::string_view> lines_;
};

}  // namespace server

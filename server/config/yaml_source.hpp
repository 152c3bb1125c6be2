#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace server {

/// The text of a configuration file, line by line. What yaml-cpp takes or drops without a word, and
/// what a reader does not see at a glance, is refused: control characters, invalid UTF-8,
/// directives, and scalars that are more than one line, such as one whose closing quote was
/// forgotten.
class YamlSource {
 public:
  /// `text` must outlive it, `name` stands for the file in errors. Throws ConfigError for a bad
  /// character or a directive.
  YamlSource(std::string_view text, const std::string& name);

  /// What is wrong with the scalar that begins at this line and column, both counted from 0, in
  /// bytes, and that yaml-cpp reads as `value`; "" if nothing is.
  std::string fault_of_scalar(int line, int column, std::string_view value) const;

 private:
  std::vector<std::string_view> lines_;
};

}  // namespace server

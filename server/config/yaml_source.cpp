#include "server/config/yaml_source.hpp"

#include <algorithm>
#include <boost/nowide/utf/utf.hpp>
#include <cstddef>

#include "server/config/config_error.hpp"

namespace server {
namespace {

constexpr std::string_view byte_order_mark = "\xEF\xBB\xBF";

// A carriage return is one unless it belongs to the end of a line: yaml-cpp goes on with a comment
// there, and an editor begins a line.
bool is_control(boost::nowide::utf::code_point character) {
  return (character < 0x20 && character != '\t') || character == 0x7F;
}

void refuse_bad_characters(std::string_view line, const std::string& place) {
  namespace utf = boost::nowide::utf;
  const char* position = line.data();
  const char* const end = line.data() + line.size();
  while (position != end) {
    const utf::code_point character = utf::utf_traits<char>::decode(position, end);
    if (character == utf::illegal || character == utf::incomplete)
      throw ConfigError(place + ": is not valid UTF-8");
    if (is_control(character)) throw ConfigError(place + ": has a control character");
  }
}

// Whether a quoted text ends in `rest`, the text behind its opening quote.
bool has_end(std::string_view rest, char quote) {
  while (!rest.empty()) {
    const bool escaped = rest.front() == '\\' && quote == '"';
    const bool doubled = quote == '\'' && rest.starts_with("''");
    if (rest.front() == quote && !doubled) return true;
    rest.remove_prefix(std::min<std::size_t>(escaped || doubled ? 2 : 1, rest.size()));
  }
  return false;
}

}  // namespace

YamlSource::YamlSource(std::string_view text, const std::string& name) {
  if (text.starts_with(byte_order_mark)) text.remove_prefix(byte_order_mark.size());
  for (bool more = true; more;) {
    const std::size_t end = text.find('\n');
    more = end != std::string_view::npos;
    std::string_view line = text.substr(0, end);
    if (more && line.ends_with('\r')) line.remove_suffix(1);
    lines_.push_back(line);
    text.remove_prefix(more ? end + 1 : text.size());

    const std::string where = place(name, static_cast<int>(lines_.size()));
    refuse_bad_characters(line, where);
    if (line.starts_with('%'))
      throw ConfigError(where + ": directives (%) are not supported, leave the line out");
  }
}

void YamlSource::check_scalar(int line, int column, std::string_view value,
                              const std::string& place) const {
  const auto refuse = [&](const char* why) { throw ConfigError(place + ": " + why); };
  const std::string_view rest =
      lines_.at(static_cast<std::size_t>(line)).substr(static_cast<std::size_t>(column));
  const char first = rest.empty() ? '\0' : rest.front();
  if (first == '|' || first == '>')
    refuse("has a block of text (| or >), write the value on one line");
  if (first == '!') refuse("has a tag (!), leave it out");
  if (first == '"' || first == '\'') {
    if (!has_end(rest.substr(1), first)) refuse("has a quote without its end on the same line");
  } else if (!rest.starts_with(value)) {
    refuse("goes on over several lines, write it on one");
  }
}

void YamlSource::check_indentation(int line, const std::string& place) const {
  const auto number = static_cast<std::size_t>(line);
  if (number >= lines_.size()) return;  // an error without a place
  const std::string_view text = lines_[number];
  const std::string_view indentation = text.substr(0, text.find_first_not_of(" \t"));
  if (indentation.find('\t') != std::string_view::npos)
    throw ConfigError(place + ": is indented by a tab, YAML is indented by blanks");
}

}  // namespace server

#include "server/config/environment.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <boost/algorithm/string/split.hpp>
#include <boost/algorithm/string/trim.hpp>
#include <cctype>
#include <iterator>
#include <string_view>

#include "program/environment.hpp"
#include "server/config/config_error.hpp"
#include "server/config/nearest_key.hpp"

namespace server {

namespace {

constexpr std::string_view prefix = "COROECHO_";

// The names of the variables with the prefix.
std::vector<std::string> our_variables() {
  std::vector<std::string> names;
  for (const char* const* entry = environ; *entry != nullptr; ++entry) {
    const std::string_view name =
        std::string_view(*entry).substr(0, std::string_view(*entry).find('='));
    if (name.starts_with(prefix)) names.emplace_back(name);
  }
  std::ranges::sort(names);
  return names;
}

}  // namespace

std::string variable_of(const std::string& key) {
  std::string name(prefix);
  std::ranges::transform(key, std::back_inserter(name), [](unsigned char byte) {
    return byte == '.' ? '_' : static_cast<char>(std::toupper(byte));
  });
  return name;
}

std::vector<std::string> environment_values(const std::string& key, bool is_list) {
  const auto value = program::environment(variable_of(key));
  if (!value || program::is_service_link(variable_of(key))) return {};
  if (!is_list) return {*value};
  std::vector<std::string> values;
  boost::split(values, *value, [](char byte) { return byte == ','; });
  for (std::string& each : values)
    boost::trim(each);
  return values;
}

std::vector<std::string> ignored_variables(const std::vector<std::string>& keys) {
  std::vector<std::string> known = {"CONFIG"};
  for (const std::string& key : keys)
    known.push_back(variable_of(key).substr(prefix.size()));
  std::vector<std::string> lines;
  for (const std::string& name : our_variables()) {
    const std::string rest = name.substr(prefix.size());
    const bool is_known = std::ranges::find(known, rest) != known.end();
    const bool is_foreign = program::is_service_link(name);
    const auto in_section = std::ranges::find_if(
        known, [&](const std::string& key) { return key.starts_with(rest + '_'); });
    const auto nearest = is_known || is_foreign      ? std::nullopt
                         : in_section != known.end() ? std::optional(*in_section)
                                                     : nearest_key(rest, known);
    if (is_known && is_foreign) {
      lines.push_back(fmt::format(
          "{}: \"{}\" is ignored: Kubernetes (enableServiceLinks) or a Docker link sets it", name,
          escaped(*program::environment(name))));
    }
    if (nearest) {
      lines.push_back(
          fmt::format("{}: sets nothing, did you mean {}{}", escaped(name), prefix, *nearest));
    }
  }
  return lines;
}

}  // namespace server

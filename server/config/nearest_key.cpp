#include "server/config/nearest_key.hpp"

#include <algorithm>
#include <numeric>
#include <utility>

namespace server {

namespace {

// Levenshtein's distance: insertions, deletions and replacements that make one text of the other.
std::size_t typing_errors(std::string_view from, std::string_view to) {
  std::vector<std::size_t> row(to.size() + 1);
  std::iota(row.begin(), row.end(), std::size_t{0});
  for (std::size_t i = 0; i < from.size(); ++i) {
    std::size_t diagonal = std::exchange(row.at(0), i + 1);
    for (std::size_t j = 0; j < to.size(); ++j) {
      const std::size_t replaced = diagonal + (from[i] == to[j] ? 0 : 1);
      diagonal = std::exchange(row[j + 1], std::min({replaced, row[j] + 1, row[j + 1] + 1}));
    }
  }
  return row.at(to.size());
}

std::string_view last_part(std::string_view key) {
  return key.substr(key.rfind('.') + 1);
}

}  // namespace

std::optional<std::string> nearest_key(std::string_view key,
                                       const std::vector<std::string>& candidates) {
  constexpr std::size_t longest_key = 100;
  if (key.size() > longest_key) return std::nullopt;
  std::optional<std::string> nearest;
  std::size_t fewest = std::max<std::size_t>(2, key.size() / 3) + 1;
  for (const std::string& candidate : candidates) {
    const bool in_another_section = last_part(key) == last_part(candidate);
    const std::size_t errors = in_another_section ? 1 : typing_errors(key, candidate);
    if (errors < fewest) {
      fewest = errors;
      nearest = candidate;
    }
  }
  return nearest;
}

}  // namespace server

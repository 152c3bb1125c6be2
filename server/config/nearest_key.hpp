#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace server {

/// The candidate that a person who wrote `key` most likely meant: the same name in another section,
/// or the one with the fewest typing errors. None if all are too far off.
std::optional<std::string> nearest_key(std::string_view key,
                                       const std::vector<std::string>& candidates);

}  // namespace server

#pragma once

#include <string_view>

namespace server {

/// The page at /: one HTML document without outside resources, which asks /status each second and
/// draws what it says.
extern const std::string_view live_page;

}  // namespace server

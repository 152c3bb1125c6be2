#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>

namespace client {

/// The value in one line, without a line end. What is no UTF-8 in it, such as the name of a file,
/// is replaced (U+FFFD): it is always JSON.
std::string json_text(const nlohmann::ordered_json& value);

}  // namespace client

#include "client/output/json_text.hpp"

#include <nlohmann/json.hpp>

namespace client {

std::string json_text(const nlohmann::ordered_json& value) {
  constexpr int in_one_line = -1;
  return value.dump(in_one_line, ' ', false, nlohmann::ordered_json::error_handler_t::replace);
}

}  // namespace client

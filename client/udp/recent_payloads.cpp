#include "client/udp/recent_payloads.hpp"

#include <algorithm>
#include <functional>

namespace client {

void RecentPayloads::add(std::string_view payload, bool is_back) {
  payloads_.push_front({std::hash<std::string_view>()(payload), is_back});
  if (payloads_.size() > most) payloads_.pop_back();
}

bool* RecentPayloads::find(std::string_view payload) {
  const auto found =
      std::ranges::find(payloads_, std::hash<std::string_view>()(payload), &Payload::hash);
  return found == payloads_.end() ? nullptr : &found->is_back;
}

}  // namespace client

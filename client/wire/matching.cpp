#include "client/wire/matching.hpp"

#include <algorithm>
#include <cstring>

namespace client {

std::size_t matching(std::span<const std::byte> echoed, std::span<const std::byte> expected) {
  if (echoed.empty() || std::memcmp(echoed.data(), expected.data(), echoed.size()) == 0)
    return echoed.size();
  return static_cast<std::size_t>(std::ranges::mismatch(echoed, expected).in1 - echoed.begin());
}

}  // namespace client

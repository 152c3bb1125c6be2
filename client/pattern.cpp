#include "client/pattern.hpp"

#include <algorithm>
#include <cstring>
#include <random>

namespace client {

Pattern::Pattern() : bytes_(period + longest) {
  std::mt19937 random(862);  // the same in every run; RFC 862 is the echo protocol
  std::generate_n(bytes_.begin(), period, [&] { return static_cast<std::byte>(random() & 0xffU); });
  for (std::size_t i = period; i < bytes_.size(); ++i)
    bytes_[i] = bytes_[i - period];
}

std::optional<Mismatch> Pattern::compare(std::uint64_t position, std::span<const std::byte> echoed,
                                         std::uint64_t origin) const {
  const auto expected = at(position, echoed.size());
  if (echoed.empty()) return std::nullopt;
  if (std::memcmp(expected.data(), echoed.data(), echoed.size()) == 0) return std::nullopt;
  const auto ends = std::ranges::mismatch(expected, echoed);
  const auto index = static_cast<std::uint64_t>(ends.in1 - expected.begin());
  return Mismatch{position - origin + index, *ends.in1, *ends.in2};
}

}  // namespace client

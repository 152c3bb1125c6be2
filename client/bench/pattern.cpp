#include "client/bench/pattern.hpp"

#include <algorithm>
#include <random>

#include "client/wire/matching.hpp"

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
  const auto matched = matching(echoed, expected);
  if (matched == echoed.size()) return std::nullopt;
  return Mismatch{position - origin + matched, expected[matched], echoed[matched]};
}

}  // namespace client

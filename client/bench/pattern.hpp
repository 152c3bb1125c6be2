#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "client/wire/failure.hpp"

namespace client {

/// An endless stream of bytes that is compared with its echo without being kept: random bytes,
/// repeated after a prime number of them, so that anything lost, doubled or shifted shows. Any
/// piece can be sent and compared in place.
class Pattern {
 public:
  Pattern();

  /// Repeats after so many bytes.
  static constexpr std::size_t period = 65521;
  /// The longest piece.
  static constexpr std::size_t longest = std::size_t{256} << 10U;

  /// The bytes at a position of the stream; size is at most longest.
  std::span<const std::byte> at(std::uint64_t position, std::size_t size) const {
    return {bytes_.data() + position % period, size};
  }

  /// Compares bytes with those at this position; nothing if they are the same. Offsets are counted
  /// from the position origin.
  std::optional<Mismatch> compare(std::uint64_t position, std::span<const std::byte> echoed,
                                  std::uint64_t origin) const;

 private:
  std::vector<std::byte> bytes_;
};

}  // namespace client

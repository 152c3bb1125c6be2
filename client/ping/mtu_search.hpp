#pragma once

#include <cstddef>
#include <optional>

namespace client {

/// A binary search for the largest datagram that passes. A size that failed may have failed by
/// chance: the smallest of them is tried once more at the end, and if it passes then, the search
/// goes on above.
class MtuSearch {
 public:
  MtuSearch(std::size_t least, std::size_t most);

  /// The size to try; none once the search has ended.
  std::optional<std::size_t> next() const;

  /// A datagram of the size next() has passed.
  void passed();
  /// None has, as often as it was sent.
  void failed();
  /// It is certain that none larger than the limit passes. The limit is less than next().
  void limited_to(std::size_t limit);

  /// The largest size that has passed.
  std::optional<std::size_t> largest() const { return passed_; }

 private:
  std::size_t least_;
  std::size_t end_;     // certainly too large
  std::size_t failed_;  // perhaps too large
  std::optional<std::size_t> passed_;
  std::optional<std::size_t> hint_;  // probably the largest
  bool over_ = false;
};

}  // namespace client

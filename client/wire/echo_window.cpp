#include "client/wire/echo_window.hpp"

#include <algorithm>

#include "client/wire/matching.hpp"

namespace client {

std::span<std::byte> EchoWindow::room() {
  const auto begin = place(end_);
  const auto free = ring_.size() - outstanding();
  return {ring_.data() + begin, std::min(free, ring_.size() - begin)};
}

std::span<const std::byte> EchoWindow::unsent() const {
  const auto begin = place(sent_);
  const auto size = end_ - sent_;
  return {ring_.data() + begin, std::min(size, ring_.size() - begin)};
}

EchoWindow::Verdict EchoWindow::verify(std::span<const std::byte> echoed) {
  Verdict verdict;
  while (!echoed.empty()) {
    const auto begin = place(verified_);
    const auto size = std::min({echoed.size(), outstanding(), ring_.size() - begin});
    const auto expected = std::span(ring_).subspan(begin, size);
    const auto matched = matching(echoed.first(size), expected);
    verdict.matched += matched;
    verified_ += matched;
    if (size == 0) {
      verdict.mismatch = Mismatch{verified_, std::nullopt, echoed.front()};
      return verdict;
    }
    if (matched < size) {
      verdict.mismatch = Mismatch{verified_, expected[matched], echoed[matched]};
      return verdict;
    }
    echoed = echoed.subspan(size);
  }
  return verdict;
}

}  // namespace client

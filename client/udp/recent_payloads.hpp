#pragma once

#include <cstddef>
#include <deque>
#include <string_view>

namespace client {

/// Payloads that a person or a file gave, and that have no number: the last thousand that came back
/// or were lost. Two with the same bytes are not told apart.
class RecentPayloads {
 public:
  static constexpr std::size_t most = 1000;

  void add(std::string_view payload, bool is_back);
  /// Whether the latest one with these bytes is back, to read and to set. Null if there is none.
  bool* find(std::string_view payload);

 private:
  struct Payload {
    std::size_t hash = 0;
    bool is_back = false;
  };

  std::deque<Payload> payloads_;  // the latest first
};

}  // namespace client

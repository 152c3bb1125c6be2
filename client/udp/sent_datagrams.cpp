#include "client/udp/sent_datagrams.hpp"

#include <algorithm>
#include <utility>

namespace client {
namespace {

constexpr std::size_t first_size = 64;

}  // namespace

SentDatagrams::SentDatagrams(coro::Clock::duration wait)
    : wait_(wait), round_trip_(wait), ring_(first_size) {}

void SentDatagrams::sent(TimePoint due, TimePoint now) {
  if (next_ - first_ == ring_.size()) grow();
  at(next_++) = {due, now, false};
  ++under_way_;
  ++in_window_;
}

void SentDatagrams::grow() {
  std::vector<Sent> larger(ring_.size() * 2);
  for (auto number = first_; number < next_; ++number)
    larger[number & (larger.size() - 1)] = at(number);
  ring_ = std::move(larger);
}

SentDatagrams::Arrival SentDatagrams::arrived(std::uint32_t number, TimePoint now) {
  const auto latest = next_ - 1;
  const std::uint32_t behind = static_cast<std::uint32_t>(latest) - number;  // modulo 2^32
  if (behind >= latest) return {};
  const auto whole = latest - behind;
  if (whole < first_) return {Arrival::Kind::late, false, {}};
  auto& sent = at(whole);
  if (std::exchange(sent.is_back, true)) return {Arrival::Kind::duplicate, false, sent.due};
  --under_way_;
  if (whole >= window_first_) --in_window_;
  round_trip_.measured(now - sent.sent);
  const bool reordered = whole < latest_back_;
  latest_back_ = std::max(latest_back_, whole);
  return {Arrival::Kind::echo, reordered, sent.due};
}

// Those that are back need no more than to be forgotten.
bool SentDatagrams::has_expired(TimePoint now) {
  while (first_ < next_ && at(first_).is_back && now - at(first_).sent > wait_)
    ++first_;
  return first_ < next_ && now - at(first_).sent > wait_;
}

void SentDatagrams::move_window(TimePoint now) {
  window_first_ = std::max(window_first_, first_);
  bool some_late = false;
  for (; window_first_ < next_; ++window_first_) {
    const auto& sent = at(window_first_);
    if (sent.is_back) continue;
    if (now - sent.sent < round_trip_.limit()) break;
    --in_window_;
    some_late = true;
  }
  if (some_late) round_trip_.exceeded();
}

}  // namespace client

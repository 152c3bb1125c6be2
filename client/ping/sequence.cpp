#include "client/ping/sequence.hpp"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <utility>

namespace client {

using coro::Clock;

std::uint64_t Sequence::sent(Time at) {
  if (oldest_ > remembered) {
    numbers_.pop_front();
    ++first_;
    --oldest_;
  }
  numbers_.push_back({at, State::under_way});
  ++under_way_;
  return latest();
}

Sequence::Arrived Sequence::arrived(std::uint64_t number, Time at) {
  if (number == 0 || number > latest()) return {};
  auto* const found = find(number);
  if (found == nullptr) return {Arrival::late, false, {}};
  Arrived result{Arrival::duplicate, false, at - found->at};
  if (found->state == State::lost) {
    result.arrival = Arrival::late;
    found->state = State::received;
  }
  if (found->state != State::under_way) return result;
  settle(*found, State::received);
  record_transit(result.round_trip);
  result.arrival = Arrival::received;
  result.reordered = number < highest_received_;
  highest_received_ = std::max(highest_received_, number);
  return result;
}

bool Sequence::settle(std::uint64_t number) {
  auto* const found = find(number);
  if (found == nullptr || found->state != State::under_way) return false;
  settle(*found, State::settled);
  return true;
}

std::optional<Sequence::UnderWay> Sequence::oldest() const {
  if (under_way_ == 0) return std::nullopt;
  return UnderWay{first_ + oldest_, numbers_[oldest_].at};
}

void Sequence::lose_oldest() {
  settle(numbers_[oldest_], State::lost);
}

Clock::duration Sequence::jitter() const {
  return Clock::duration(std::llround(jitter_));
}

Sequence::Number* Sequence::find(std::uint64_t number) {
  if (number < first_ || number > latest()) return nullptr;
  return &numbers_[number - first_];
}

void Sequence::settle(Number& number, State state) {
  number.state = state;
  --under_way_;
  while (oldest_ < numbers_.size() && numbers_[oldest_].state != State::under_way)
    ++oldest_;
}

void Sequence::record_transit(Clock::duration round_trip) {
  constexpr double gain = 16;  // RFC 3550: reduces the noise and converges at a reasonable rate
  if (last_round_trip_) {
    const auto difference =
        std::chrono::duration<double, std::nano>(round_trip - *last_round_trip_);
    jitter_ += (std::abs(difference.count()) - jitter_) / gain;
  }
  last_round_trip_ = round_trip;
}

}  // namespace client

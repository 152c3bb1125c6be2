#include "client/bench/schedule.hpp"

namespace client {

using coro::Clock;

Schedule::Schedule(Clock::time_point start, double rate, std::uint64_t connections)
    : start_(start), interval_(1e9 / rate), connections_(connections) {}

std::uint64_t Schedule::due_before(Clock::time_point time) const {
  if (time <= start_) return 0;
  auto number =
      static_cast<std::uint64_t>(static_cast<double>((time - start_).count()) / interval_);
  while (number > 0 && due(number - 1) >= time)
    --number;
  while (due(number) < time)
    ++number;
  return number;
}

std::uint64_t Schedule::from(std::uint64_t number, Clock::time_point time) const {
  const auto first = due_before(time);
  if (number >= first) return number;
  return number + (first - number + connections_ - 1) / connections_ * connections_;
}

std::uint64_t Schedule::count(std::uint64_t next, Clock::time_point from,
                              Clock::time_point to) const {
  const auto begin = this->from(next, from);
  const auto end = due_before(to);
  return begin < end ? (end - begin + connections_ - 1) / connections_ : 0;
}

}  // namespace client

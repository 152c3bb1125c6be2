#include "server/accept/accept_rate.hpp"

#include <algorithm>

namespace server {
namespace {

using coro::Clock;

Clock::duration interval(std::uint32_t rate) {
  return Clock::duration(std::chrono::seconds(1)) / rate;
}

// How far the accepting may be ahead of the even pace.
Clock::duration burst(std::uint32_t rate) {
  return std::max<Clock::duration>(std::chrono::milliseconds(100) - interval(rate),
                                   Clock::duration::zero());
}

}  // namespace

Clock::duration AcceptRate::wait(std::uint32_t rate, Clock::time_point now) const {
  if (rate == 0) return Clock::duration::zero();
  return std::max(next_ - burst(rate) - now, Clock::duration::zero());
}

void AcceptRate::count(std::uint32_t rate, Clock::time_point now) {
  if (rate != 0) next_ = std::max(next_, now) + interval(rate);
}

}  // namespace server

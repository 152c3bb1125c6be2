#pragma once

#include <boost/asio/error.hpp>
#include <cstdint>

#include "coro/detail/poller.hpp"
#include "coro/readiness.hpp"

namespace coro {

// Inline, since a return just after a switch of stacks costs as much as the switch.
[[gnu::always_inline]] inline int Readiness::wait_for(detail::Fiber*& waiting, Yield yield) {
  waiting = &yield.fiber();
  ++poller_.waiting_;
  const bool aborted = yield.fiber().suspend_until_woken([&] { wake(waiting, true); });
  return aborted ? boost::asio::error::operation_aborted : 0;
}

[[gnu::always_inline]] inline int Readiness::wait(detail::Fiber*& waiting, std::uint32_t event,
                                                  Yield yield) {
  if ((watched_ & event) == 0) {
    if (const int error = watch_for(watched_ | event)) return error;
  }
  return wait_for(waiting, yield);
}

}  // namespace coro

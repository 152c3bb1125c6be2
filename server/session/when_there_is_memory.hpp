#pragma once

#include <boost/system/system_error.hpp>
#include <chrono>
#include <new>

#include "coro/error.hpp"
#include "coro/timer.hpp"
#include "coro/yield.hpp"

namespace server {

/// Takes a step that a client who is connected cannot do without, and returns its result. As long
/// as there is no memory for the step, or for a coroutine that it spawns, it is tried again.
template <typename Step>
auto when_there_is_memory(Step step, coro::Yield yield) {
  for (;;) {
    try {
      return step();
    } catch (const std::bad_alloc&) {
    } catch (const boost::system::system_error& error) {
      if (error.code() != make_error_code(coro::Error::no_stack)) throw;
    }
    static_cast<void>(coro::sleep_for(yield, std::chrono::milliseconds(100)));
  }
}

}  // namespace server

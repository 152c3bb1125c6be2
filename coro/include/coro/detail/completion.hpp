#pragma once

#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/error.hpp>
#include <optional>
#include <tuple>
#include <type_traits>
#include <utility>

#include "coro/detail/fiber.hpp"
#include "coro/io.hpp"

namespace coro::detail {

/// An Asio operation calls this when it has ended: it leaves the values on the coroutine's stack
/// and resumes it.
template <typename... Values>
class Completion {
 public:
  using Result = std::tuple<std::decay_t<Values>...>;
  using cancellation_slot_type = boost::asio::cancellation_slot;

  Completion(Fiber& fiber, std::optional<Result>& result) : fiber_(&fiber), result_(&result) {}
  /// An operation that drops it without a call has failed, or its coroutine would wait for ever.
  ~Completion() {
    if (pending_) fiber_->abandon();
  }
  Completion(Completion&& other) noexcept
      : fiber_(other.fiber_),
        result_(other.result_),
        pending_(std::exchange(other.pending_, false)) {}
  Completion(const Completion&) = delete;
  Completion& operator=(const Completion&) = delete;
  Completion& operator=(Completion&&) = delete;

  void operator()(Values... values) {
    pending_ = false;
    result_->emplace(std::forward<Values>(values)...);
    fiber_->complete(was_aborted());
  }

  /// Ends the operation before it has begun, if it is to be aborted. One that is ready at once
  /// would otherwise succeed, and a coroutine for which there is always something to do would never
  /// hear of its cancellation or its time limit.
  bool abort() {
    if constexpr (reports_error) {
      if (!fiber_->abort_requested()) return false;
      pending_ = false;
      result_->emplace(empty<Values>()...);
      std::get<0>(**result_) = boost::asio::error::operation_aborted;
      fiber_->wake(true);
      return true;
    }
    return false;
  }

  cancellation_slot_type get_cancellation_slot() const noexcept {
    return fiber_->cancellation_slot();
  }

 private:
  static constexpr bool reports_error = [] {
    if constexpr (sizeof...(Values) == 0)
      return false;
    else
      return std::is_same_v<std::tuple_element_t<0, Result>, error_code>;
  }();

  bool was_aborted() const {
    if constexpr (reports_error)
      return std::get<0>(**result_) == boost::asio::error::operation_aborted;
    return false;
  }

  // A value that says nothing, such as a socket that is not open.
  template <typename Value>
  std::decay_t<Value> empty() const {
    if constexpr (std::is_default_constructible_v<std::decay_t<Value>>)
      return {};
    else
      return std::decay_t<Value>(fiber_->executor());
  }

  Fiber* fiber_;
  std::optional<Result>* result_;
  bool pending_ = true;  // it is this one that is to be called
};

}  // namespace coro::detail

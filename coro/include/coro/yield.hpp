#pragma once

#include <boost/asio/async_result.hpp>
#include <boost/system/error_code.hpp>
#include <optional>
#include <tuple>
#include <type_traits>
#include <utility>

#include "coro/detail/waiter.hpp"
#include "coro/io.hpp"

namespace coro {

/// The inside of a spawned coroutine, and the completion token that makes an Asio operation suspend
/// it:
///
///     auto [error, size] = socket.async_read_some(buffer, yield);
///
/// The values that the operation completes with come back as a tuple; errors are values. A Yield is
/// a pointer: pass it by value. It is used only by its own coroutine, and never where an exception
/// is being handled (a catch block, a destructor); debug builds assert both.
///
/// The operation completes on the executor of its I/O object, which must be the scheduler's.
class Yield {
 public:
  explicit Yield(Waiter& waiter) : waiter_(&waiter) {}

  /// Lets everything else that is ready go first.
  void now() const;

  /// Whether it was cancelled, or ran out of time, and no operation has said so yet: the last one
  /// had just succeeded. To be asked after a wait where whoever cancels does not wait for the end
  /// of this coroutine, and what it uses may be gone.
  bool is_cancelled() const { return waiter_->abort_requested(); }

  Scheduler& scheduler() const { return waiter_->scheduler(); }
  Executor executor() const;

  /// For those who write operations of their own.
  Waiter& waiter() const { return *waiter_; }

 private:
  Waiter* waiter_;
};

/// Suspends until then, or a moment longer; operation_aborted if cancelled meanwhile.
error_code sleep_until(Yield yield, Clock::time_point when);
/// Suspends for at least this long; operation_aborted if cancelled meanwhile.
error_code sleep_for(Yield yield, Clock::duration duration);

/// What an Asio operation calls when it has ended: leaves the values on the coroutine's stack and
/// resumes it.
template <typename... Values>
class Completion {
 public:
  using Result = std::tuple<std::decay_t<Values>...>;
  using cancellation_slot_type = boost::asio::cancellation_slot;

  Completion(Waiter& waiter, std::optional<Result>& result) : waiter_(&waiter), result_(&result) {}
  /// An operation that drops it without a call has failed, or its coroutine would wait for ever.
  ~Completion() {
    if (pending_) waiter_->abandon();
  }
  Completion(Completion&& other) noexcept
      : waiter_(other.waiter_),
        result_(other.result_),
        pending_(std::exchange(other.pending_, false)) {}
  Completion(const Completion&) = delete;
  Completion& operator=(const Completion&) = delete;
  Completion& operator=(Completion&&) = delete;

  void operator()(Values... values) {
    pending_ = false;
    result_->emplace(std::forward<Values>(values)...);
    waiter_->complete(was_aborted());
  }

  /// Ends the operation before it has begun, if it is to be aborted. One that is ready at once
  /// would otherwise succeed, and a coroutine for which there is always something to do would never
  /// hear of its cancellation or its time limit.
  bool abort() {
    if constexpr (reports_error) {
      if (!waiter_->abort_requested()) return false;
      pending_ = false;
      result_->emplace(empty<Values>()...);
      std::get<0>(**result_) = boost::asio::error::operation_aborted;
      waiter_->wake(true);
      return true;
    }
    return false;
  }

  cancellation_slot_type get_cancellation_slot() const noexcept {
    return waiter_->cancellation_slot();
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
      return std::decay_t<Value>(Yield(*waiter_).executor());
  }

  Waiter* waiter_;
  std::optional<Result>* result_;
  bool pending_ = true;  // it is this one that is to be called
};

}  // namespace coro

/// Asio's side of the token: suspend first, then start the operation.
template <typename... Values>
class boost::asio::async_result<coro::Yield, void(Values...)> {
 public:
  using return_type = typename coro::Completion<Values...>::Result;

  template <typename Initiation, typename... Args>
  static return_type initiate(Initiation&& initiation, coro::Yield yield, Args&&... args) {
    std::optional<return_type> result;
    yield.waiter().suspend_then([&] {
      coro::Completion<Values...> completion(yield.waiter(), result);
      if (completion.abort()) return;
      std::forward<Initiation>(initiation)(std::move(completion), std::forward<Args>(args)...);
    });
    return std::move(*result);
  }
};

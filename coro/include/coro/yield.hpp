#pragma once

#include <boost/asio/async_result.hpp>
#include <boost/system/error_code.hpp>
#include <optional>
#include <utility>

#include "coro/detail/completion.hpp"
#include "coro/detail/fiber.hpp"
#include "coro/io.hpp"

namespace coro {

class Task;

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
  explicit Yield(detail::Fiber& fiber) : fiber_(&fiber) {}

  /// Lets everything else that is ready go first.
  void now() const;

  /// Whether it was cancelled, or ran out of time, and no operation has said so yet: the last one
  /// had just succeeded. To be asked after a wait where whoever cancels does not wait for the end
  /// of this coroutine, and what it uses may be gone.
  bool is_cancelled() const { return fiber_->abort_requested(); }

  Scheduler& scheduler() const { return fiber_->scheduler(); }
  Executor executor() const { return fiber_->executor(); }

  /// A handle to this coroutine: whoever keeps it can cancel or join this coroutine later.
  Task task() const;

  /// For those who write operations of their own.
  detail::Fiber& fiber() const { return *fiber_; }

 private:
  detail::Fiber* fiber_;
};

/// Suspends until then, or a moment longer; operation_aborted if cancelled meanwhile.
error_code sleep_until(Yield yield, Clock::time_point when);
/// Suspends for at least this long; operation_aborted if cancelled meanwhile.
error_code sleep_for(Yield yield, Clock::duration duration);

}  // namespace coro

/// Asio's side of the token: suspend first, then start the operation.
template <typename... Values>
class boost::asio::async_result<coro::Yield, void(Values...)> {
 public:
  using return_type = typename coro::detail::Completion<Values...>::Result;

  template <typename Initiation, typename... Args>
  static return_type initiate(Initiation&& initiation, coro::Yield yield, Args&&... args) {
    std::optional<return_type> result;
    yield.fiber().suspend_then([&] {
      coro::detail::Completion<Values...> completion(yield.fiber(), result);
      if (completion.abort()) return;
      std::forward<Initiation>(initiation)(std::move(completion), std::forward<Args>(args)...);
    });
    return std::move(*result);
  }
};

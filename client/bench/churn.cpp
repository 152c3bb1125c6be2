#include "client/bench/churn.hpp"

#include <algorithm>
#include <boost/asio/error.hpp>
#include <utility>

#include "client/wire/failure.hpp"
#include "coro/time_limit.hpp"

namespace client {
namespace {

using coro::Clock;
using coro::Yield;
using namespace std::chrono_literals;
namespace error = boost::asio::error;

constexpr auto after_a_failure = 20ms;

}  // namespace

Churn::Churn(const Options& options, const Addresses& addresses, BenchThreadState& state)
    : options_(&options),
      addresses_(addresses),
      state_(&state),
      sources_(options.target.source ? Addresses() : addresses) {}

void Churn::run(std::uint64_t number, Yield yield) {
  const auto& schedule = state_->schedule;
  auto& next = next_.emplace_back(number);
  while (!state_->stopping && !gave_up_) {
    auto intended = Clock::now();
    if (schedule) {
      // The rest of the warm-up is left out, as with lanes.
      if (intended >= state_->measure_from && schedule->due(next) < state_->measure_from)
        next = schedule->from(next, state_->measure_from);
      intended = schedule->due(next);
      if (!wait_until_due(intended, yield)) return;
      next = schedule->after(next);
    }
    if (!connect_and_echo(number, intended, yield)) return;
  }
}

void Churn::give_up_connecting() {
  gave_up_ = true;
  for (const auto& [number, task] : connecting_)
    task.cancel();
}

std::uint64_t Churn::never_begun() const {
  if (!state_->schedule) return 0;
  std::uint64_t count = 0;
  for (const auto next : next_)
    count += state_->schedule->count(next, state_->measure_from, state_->measure_to);
  return count;
}

// False if it is not due any more.
bool Churn::wait_until_due(Clock::time_point intended, Yield yield) {
  if (const auto left = intended - Clock::now(); left > 0s) {
    const coro::TimeLimit time(yield, left);
    const auto interrupted = over_.wait(yield, [this] { return state_->over; });
    if (interrupted && !time.expired()) return false;
  }
  return intended < state_->measure_to && !state_->stopping;
}

// Connect, one echo, close; the latency is that of all of it. False if it is cancelled.
bool Churn::connect_and_echo(std::uint64_t number, Clock::time_point intended, Yield yield) {
  const auto deadline = Clock::now() + options_->timeout;
  auto connection = connect_from_anywhere(number, yield);
  if (!connection) {
    if (state_->schedule) state_->count_lost(intended);
    if (connection.error() == error::operation_aborted) return false;
    state_->results.add_failure(connect_failure(options_->target, connection.error()));
    return !coro::sleep_for(yield, after_a_failure);
  }
  if (state_->measures(Clock::now())) state_->results.count_opening((*connection)->facts());
  const coro::TimeLimit time(yield, deadline - Clock::now());
  BenchLane lane(std::move(*connection), number, *state_);
  if (!lane.run_one(intended, yield) && time.expired())
    state_->results.add_failure(transfer_failure(*state_->target, error::timed_out, 0));
  return true;
}

boost::system::result<std::unique_ptr<Connection>> Churn::connect_from_anywhere(
    std::uint64_t number, Yield yield) {
  const auto try_to = [&] {
    return connect(yield, options_->target, addresses_, options_->timeout, sources_.next());
  };
  connecting_.emplace(number, yield.task());
  auto connection = try_to();
  const bool no_port =
      !connection && connection.error() == boost::system::errc::address_not_available;
  if (no_port && sources_.exhausted()) connection = try_to();
  connecting_.erase(number);
  // One that does not answer is waited for once, not each time.
  if (connection && !addresses_.empty() && (*connection)->facts().peer != addresses_.front())
    std::iter_swap(addresses_.begin(), std::ranges::find(addresses_, (*connection)->facts().peer));
  return connection;
}

}  // namespace client
